// Speaking: broadcast, say, msg. Each becomes a record in the outbox; the reply comes when it is durable.

#include <charconv>

#include "worker/commands/command_context.h"
#include "worker/commands/rosters.h"

namespace rookery::worker {

namespace {

chat::Record record_of(const Session& session, chat::RecordKind kind, const wire::Command& command,
                       const chat::SessionLogin& login, GuestName& guest) {
  chat::Record record;
  record.header.kind = kind;
  record.header.op = static_cast<std::uint8_t>(command.op);
  record.header.account = login.account;
  record.name = display_name(login, session.client, guest);
  record.text = command.text;
  record.id = command.id;
  return record;
}

// What a message takes in the store besides its text: its row, its places in indexes, names.
constexpr std::uint64_t kStoredBesideText = 128;

Outcome send(CommandContext& context, Session& session, const wire::RequestTag& tag, chat::Record& record) {
  if (context.worker.storing() != Storing::Works) {
    if (session.in_flight > 0) return Outcome::Wait;  // their answers come first, in a moment
    if (context.refuse_if_not_stored(session, tag)) return Outcome::Done;
  }
  const Source source = context.sessions.source(session);
  const std::uint64_t allowed = stored_allowed(context.settings.limits, source);
  if (allowed > 0 && !context.stored.may_store(source.key, context.now)) {
    if (session.in_flight > 0) return Outcome::Wait;
    return context.refuse(session, tag, wire::ErrorCode::RateLimited,
                          "as much was said from your address as is stored in an hour, try again in some minutes");
  }
  if (!context.outbox.ask(session, record)) return Outcome::Wait;
  if (allowed > 0) context.stored.add(source.key, record.text.size() + kStoredBesideText, context.now, allowed);
  auto& messages = session.block->messages;
  chat::count(messages);
  chat::count(context.sessions.counters().messages);
  return Outcome::Done;
}

// The room's number where the client is in it.
std::optional<std::uint32_t> room_of(const CommandContext& context, const Session& session, std::string_view name) {
  if (shm::same_name(name, wire::kLobby)) {
    if (session.block->in_lobby.load(std::memory_order_relaxed) != 0) return chat::kLobbyRoom;
    return std::nullopt;
  }
  for (const std::uint32_t id : context.sessions.rooms(session)) {
    const TopicMap::Room* room = context.delivery.topics.room(id);
    if (room != nullptr && shm::same_name(room->name, name)) return id;
  }
  return std::nullopt;
}

Outcome refuse_guest(CommandContext& context, Session& session, const wire::RequestTag& tag) {
  return context.refuse(session, tag, wire::ErrorCode::NotLoggedIn, "log in first: guests may not speak here");
}

// The number has one spelling: guest01 is not guest1.
bool parse_guest(std::string_view name, std::uint64_t& client) {
  if (!wire::is_guest_name(name)) return false;
  name.remove_prefix(wire::kGuestPrefix.size());
  if (name.front() == '0') return false;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), client);
  return parsed.ec == std::errc() && parsed.ptr == name.data() + name.size();
}

}  // namespace

Outcome do_broadcast(CommandContext& context, Session& session, const wire::Command& command) {
  const wire::RequestTag tag{command.op, command.id};
  const chat::SessionLogin login = context.sessions.login(session);
  if (!context.may_chat(session)) return session.in_flight > 0 ? Outcome::Wait : refuse_guest(context, session, tag);
  GuestName guest;
  chat::Record record = record_of(session, chat::RecordKind::Broadcast, command, login, guest);
  return send(context, session, tag, record);
}

Outcome do_say(CommandContext& context, Session& session, const wire::Command& command) {
  const wire::RequestTag tag{command.op, command.id};
  const auto room = room_of(context, session, command.room);
  if (!room || !context.may_chat(session)) {
    if (session.in_flight > 0) return Outcome::Wait;  // a refusal must not overtake earlier answers
    if (!context.may_chat(session)) return refuse_guest(context, session, tag);
    return room_exists(context.worker, command.room)
               ? context.refuse(session, tag, wire::ErrorCode::NotInRoom,
                                "join " + std::string(command.room) + " before you speak in it")
               : context.refuse(session, tag, wire::ErrorCode::NoSuchRoom,
                                "there is no room " + std::string(command.room) + ", join makes it");
  }
  const chat::SessionLogin login = context.sessions.login(session);
  GuestName guest;
  chat::Record record = record_of(session, chat::RecordKind::Say, command, login, guest);
  record.header.room = *room;
  record.target_name = context.delivery.topics.room(*room)->name;
  return send(context, session, tag, record);
}

Outcome do_msg(CommandContext& context, Session& session, const wire::Command& command) {
  const wire::RequestTag tag{command.op, command.id};
  if (!context.may_chat(session)) return session.in_flight > 0 ? Outcome::Wait : refuse_guest(context, session, tag);
  const chat::SessionLogin login = context.sessions.login(session);
  GuestName guest;
  chat::Record record = record_of(session, chat::RecordKind::Direct, command, login, guest);
  std::uint64_t client = 0;
  if (const shm::NameTableEntry* user = context.worker.users.find(command.name)) {
    record.header.target = user->id;
    record.target_name = user->name_view();
    return send(context, session, tag, record);
  }
  if (context.settings.allow_guests && parse_guest(command.name, client)) {
    if (const auto seat = find_guest(context.worker, client)) {
      record.header.target = client;
      record.header.flags = chat::kTargetIsGuest;
      record.header.room = seat->slot;
      record.header.members = seat->index;
      GuestName target;
      record.target_name = display_name({}, client, target);
      return send(context, session, tag, record);
    }
  }
  if (session.in_flight > 0) return Outcome::Wait;
  return context.refuse(session, tag, wire::ErrorCode::NoSuchName, "nobody is called " + std::string(command.name));
}

}  // namespace rookery::worker
