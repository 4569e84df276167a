// Rooms and who is told of comings and goings: join, leave, presence.

#include <algorithm>

#include "worker/commands/command_context.h"
#include "worker/commands/rosters.h"

namespace rookery::worker {

namespace {

Outcome ask(CommandContext& context, Session& session, const wire::Command& command, chat::RecordKind kind,
            std::uint32_t room, std::string_view room_name) {
  if (context.refuse_if_read_only(session, {command.op, command.id})) return Outcome::Done;
  const chat::SessionLogin login = context.sessions.login(session);
  GuestName guest;
  chat::Record record;
  record.header.kind = kind;
  record.header.op = static_cast<std::uint8_t>(command.op);
  record.header.account = login.account;
  record.header.room = room;
  record.name = display_name(login, session.client, guest);
  record.target_name = room_name;
  record.id = command.id;
  if (!context.outbox.ask(session, record)) return Outcome::Wait;
  session.membership_pending = true;
  if (kind == chat::RecordKind::Leave) session.leaving_room = static_cast<std::uint16_t>(room);
  return Outcome::Done;
}

// The client's room of that name, besides the lobby.
const TopicMap::Room* own_room(const CommandContext& context, const Session& session, std::string_view name,
                               std::uint32_t& id) {
  for (const std::uint32_t candidate : context.sessions.rooms(session)) {
    const TopicMap::Room* room = context.delivery.topics.room(candidate);
    if (room == nullptr || !shm::same_name(room->name, name)) continue;
    id = candidate;
    return room;
  }
  return nullptr;
}

// Joining where one is already changes nothing; the answer is as if it had.
Outcome answer_again(CommandContext& context, Session& session, const wire::RequestTag& tag, std::uint32_t id,
                     std::string_view name) {
  std::uint64_t members = context.worker.lobby_members();
  if (id != chat::kLobbyRoom) {
    const auto state = context.worker.ledger().rooms()[id].load();
    members = state ? state->members : 1;
  }
  return context.reply(
      session, [&](const wire::Dialect& dialect, std::string& out) { dialect.membership(out, tag, name, members); });
}

}  // namespace

Outcome do_join(CommandContext& context, Session& session, const wire::Command& command) {
  const wire::RequestTag tag{command.op, command.id};
  if (!context.may_chat(session))
    return context.refuse(session, tag, wire::ErrorCode::NotLoggedIn, "log in first: guests may not join rooms here");
  if (shm::same_name(command.room, wire::kLobby)) {
    if (session.block->in_lobby.load(std::memory_order_relaxed) != 0)
      return answer_again(context, session, tag, chat::kLobbyRoom, wire::kLobby);
    return ask(context, session, command, chat::RecordKind::Join, chat::kLobbyRoom, wire::kLobby);
  }
  std::uint32_t id = 0;
  if (const TopicMap::Room* room = own_room(context, session, command.room, id))
    return answer_again(context, session, tag, id, room->name);
  if (session.block->rooms.count.load(std::memory_order_relaxed) >= context.settings.limits.rooms)
    return context.refuse(session, tag, wire::ErrorCode::RateLimited,
                          "you are in " + std::to_string(context.settings.limits.rooms) + " rooms, leave one first");
  if (const Source source = context.sessions.source(session);
      const auto allowed = rooms_allowed(context.settings.limits, source)) {
    if (!room_exists(context.worker, command.room) && context.worker.rooms_made_from(source) >= allowed)
      return context.refuse(session, tag, wire::ErrorCode::RateLimited,
                            "your address has made " + std::to_string(allowed) + " rooms that still exist");
  }
  return ask(context, session, command, chat::RecordKind::Join, 0, command.room);
}

Outcome do_leave(CommandContext& context, Session& session, const wire::Command& command) {
  const wire::RequestTag tag{command.op, command.id};
  std::uint32_t id = 0;
  if (shm::same_name(command.room, wire::kLobby)) {
    if (session.block->in_lobby.load(std::memory_order_relaxed) != 0)
      return ask(context, session, command, chat::RecordKind::Leave, chat::kLobbyRoom, wire::kLobby);
  } else if (const TopicMap::Room* room = own_room(context, session, command.room, id)) {
    return ask(context, session, command, chat::RecordKind::Leave, id, room->name);
  }
  return room_exists(context.worker, command.room)
             ? context.refuse(session, tag, wire::ErrorCode::NotInRoom, "you are not in " + std::string(command.room))
             : context.refuse(session, tag, wire::ErrorCode::NoSuchRoom,
                              "there is no room " + std::string(command.room));
}

Outcome do_presence(CommandContext& context, Session& session, const wire::Command& command) {
  const wire::RequestTag tag{command.op, command.id};
  context.follower.set_presence(session, command.on);
  return context.reply(session,
                       [&](const wire::Dialect& dialect, std::string& out) { dialect.presence(out, tag, command.on); });
}

}  // namespace rookery::worker
