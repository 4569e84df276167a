#include "worker/log/log_follower.h"

#include "ipc/os/errors.h"
#include "ipc/wire/limits.h"
#include "worker/log/record_event.h"

namespace rookery::worker {

namespace {
// What is put on tapes before it is flushed: large enough for the write to be shared by many messages, small enough for
// the first of them not to wait long.
constexpr std::uint64_t kDrainWords = 128 * 1024;
// A loop that is this far behind the log owes its clients more than it may settle at once as output of their own.
constexpr std::uint64_t kBacklogWords = 32 * 1024;
}  // namespace

LogFollower::LogFollower(const WorkerContext& context, std::uint32_t loop, SessionTable& sessions, Delivery& delivery,
                         Outbox& outbox, Receipts& receipts, ClientIds& ids)
    : context_(context),
      settings_(context.loop_settings[loop]),
      slot_(context.shared.slot(context.start.number, loop)),
      sessions_(sessions),
      delivery_(delivery),
      outbox_(outbox),
      receipts_(receipts),
      ids_(ids),
      control_(context.own().control(loop)),
      reader_(context.ring_reader()),
      room_makers_(context.own().room_makers(loop)) {
  delivery_.begin_at(reader_.position());
  delivery_.ring_words = reader_.capacity_words();
}

DrainResult LogFollower::drain() {
  const shm::Position begin = reader_.position();
  const shm::Position published = reader_.committed_end();
  if (published - begin > kBacklogWords) delivery_.note_backlog(published);
  while (reader_.position() - begin < kDrainWords) {
    delivery_.set_position(reader_.position());
    const shm::ReadResult result = reader_.read(bytes_);
    if (result == shm::ReadResult::Empty) return DrainResult::Drained;
    if (result == shm::ReadResult::Lapped) return DrainResult::Lapped;
    const auto record = chat::decode_record(bytes_);
    ROOKERY_INVARIANT(record.has_value());
    newest_seq_ = record->header.seq;
    apply(*record, reader_.position());
  }
  delivery_.set_position(reader_.position());
  return DrainResult::More;
}

void LogFollower::apply(const chat::Record& record, shm::Position end) {
  switch (record.header.kind) {
    case chat::RecordKind::Say:
    case chat::RecordKind::Broadcast:
    case chat::RecordKind::Direct:
      apply_message(record);
      break;
    case chat::RecordKind::Notice:
      for (Topic* topic : {&delivery_.topics.everybody, &delivery_.topics.strangers})
        delivery_.publish(
            *topic, [&record](const wire::Dialect& dialect, std::string& out) { dialect.notice(out, record.text); });
      return;
    case chat::RecordKind::Join:
    case chat::RecordKind::Leave:
      apply_membership(record);
      break;
    case chat::RecordKind::ReserveClients:
      if (!is_ours(record.header)) return;
      ids_.grant(record.header.target, record.header.members);
      receipts_.pass(record);
      return;
    case chat::RecordKind::Register:
    case chat::RecordKind::FetchHistory:
    case chat::RecordKind::FetchMissed:
    case chat::RecordKind::ChangeAccount:  // the loop looks into the user table, once it is stored
    case chat::RecordKind::ChangeBan:      // likewise, the ban table
    case chat::RecordKind::None:
      break;
  }
  if (!is_ours(record.header)) return;
  if ((record.header.flags & chat::kSilent) == 0)
    receipts_.add(record, end);
  else
    receipts_.pass(record);
}

void LogFollower::apply_message(const chat::Record& record) {
  const chat::RecordHeader& header = record.header;
  Topic* topic = nullptr;
  std::string_view room_name;
  if (header.kind == chat::RecordKind::Say) {
    TopicMap::Room* room = delivery_.topics.room(header.room);
    if (room == nullptr) return;
    topic = &room->messages;
    room_name = room->name;
  } else if (header.kind == chat::RecordKind::Broadcast) {
    topic = &delivery_.topics.everybody;
  } else {
    topic = (header.flags & chat::kTargetIsGuest) != 0 ? guest_topic(header) : delivery_.topics.account(header.target);
    if (topic == nullptr) return;
  }
  const wire::MessageEvent event = event_of(record, room_name, context_.epoch());
  delivery_.publish(*topic, [&event](const wire::Dialect& dialect, std::string& out) { dialect.message(out, event); });
}

// A guest has a topic of its own from its first direct message on.
Topic* LogFollower::guest_topic(const chat::RecordHeader& header) {
  // By its number, not by its place: it may have moved away and back.
  Session* session = sessions_.find(header.target);
  if (session == nullptr || session->dialect_id() == wire::DialectId::Undecided) return nullptr;
  Topic& topic = delivery_.topics.make_guest(header.target);
  if (topic.empty()) topic.add(*session);
  return &topic;
}

void LogFollower::apply_membership(const chat::Record& record) {
  const chat::RecordHeader& header = record.header;
  if (header.outcome != 0) return;
  const bool join = header.kind == chat::RecordKind::Join;
  // A room's first member too: the room that had its place before has ended, wherever that was missed.
  if (header.members == (join ? 1U : 0U)) room_makers_.ended(header.room);
  if (is_ours(header)) {
    Session* session = sessions_.find(header.session, header.client);
    if (join && header.members == 1 && header.room != chat::kLobbyRoom && session != nullptr)
      room_makers_.made(header.room, sessions_.source(*session).key);
    if (session == nullptr) {
      if (join && header.room != chat::kLobbyRoom) leave_for_one_gone(record);
    } else if (join) {
      apply_own_join(*session, record);
    } else if ((header.flags & chat::kSilent) == 0) {
      apply_own_leave(*session, record);
    }
  }
  if ((header.flags & chat::kPresence) == 0) return;
  TopicMap::Room* room = delivery_.topics.room(header.room);
  if (room == nullptr) return;
  delivery_.publish(room->presence, [&](const wire::Dialect& dialect, std::string& out) {
    const wire::Sender who{header.client, record.name};
    join ? dialect.joined(out, room->name, who) : dialect.left(out, room->name, who);
  });
}

// A change of who is in a room: what came before goes out to the old members, what comes after to the new ones.
void LogFollower::apply_own_join(Session& session, const chat::Record& record) {
  const std::uint32_t room = record.header.room;
  delivery_.flush();
  if (!session.open()) {  // the flush found it gone
    if (room != chat::kLobbyRoom) leave_for_one_gone(record);
    return;
  }
  if (room == chat::kLobbyRoom) {
    enter_lobby(session);
    return;
  }
  if (sessions_.is_in_room(session, room)) {
    leave_for_one_gone(record);  // counted twice, in there once
    return;
  }
  free_room_of_others(room, record.target_name);
  delivery_.settle_position(session);
  if (!sessions_.add_room(session, room, record.header.seq)) {
    delivery_.doom(session, "no shared memory left for its rooms");
    leave_for_one_gone(record);
    return;
  }
  TopicMap::Room& topics = delivery_.topics.make_room(room, record.target_name);
  topics.messages.add(session);
  if (session.has(chat::kPresenceOn)) topics.presence.add(session);
}

// An id is given on only when the last member has left. If members of another room have it here, a worker that ran wild
// has left in their name: they cannot stay where they are not.
void LogFollower::free_room_of_others(std::uint32_t id, std::string_view name) {
  TopicMap::Room* room = delivery_.topics.room(id);
  if (room == nullptr || shm::same_name(room->name, name)) return;
  const std::vector<Session*> members = room->messages.members();
  for (Session* member : members) {
    delivery_.settle_position(*member);
    sessions_.remove_room(*member, id);
    room->messages.remove(*member);
    room->presence.remove(*member);
    delivery_.doom(*member, "its room was given to others, a worker has done damage");
  }
  delivery_.topics.forget_room(id);
}

// Where the session has not had yet what was said before, its block keeps the room until it has: see Replay.
void LogFollower::apply_own_leave(Session& session, const chat::Record& record) {
  const std::uint32_t room = record.header.room;
  delivery_.flush();
  if (delivery_.must_wait(session, reader_.position())) {
    session.leaving_room = static_cast<std::uint16_t>(room);
    if (room == chat::kLobbyRoom) return hear_lobby_no_more(session);
    return hear_room_no_more(session, room);
  }
  delivery_.settle_position(session);
  session.leaving_room = kNoRoom;
  if (room == chat::kLobbyRoom) {
    leave_lobby(session);
    return;
  }
  sessions_.remove_room(session, room);
  hear_room_no_more(session, room);
}

void LogFollower::hear_room_no_more(Session& session, std::uint32_t room) {
  TopicMap::Room* topics = delivery_.topics.room(room);
  if (topics == nullptr) return;
  topics->messages.remove(session);
  topics->presence.remove(session);
  delivery_.topics.forget_room(room);
}

// The client went between asking and joining: the room must not count it for ever.
void LogFollower::leave_for_one_gone(const chat::Record& record) {
  chat::Record leave = record;
  leave.header.kind = chat::RecordKind::Leave;
  leave.header.flags = chat::kSilent;
  leave.text = {};
  leave.id = {};
  outbox_.tell(leave);
}

void LogFollower::forget_half_listening(Session& session) const {
  chat::SessionBlock& block = *session.block;
  const bool listens = block.had_from.everybody.load(std::memory_order_relaxed) != chat::SessionHadFrom::kNever;
  const bool decided = session.dialect_id() != wire::DialectId::Undecided;
  if (decided && listens && may_chat(session)) return;
  block.in_lobby.store(0, std::memory_order_relaxed);
  block.had_from.everybody.store(chat::SessionHadFrom::kNever, std::memory_order_relaxed);
}

bool LogFollower::adopt(Session& session) {
  chat::SessionBlock& block = *session.block;
  if (session.dialect_id() == wire::DialectId::Undecided) return true;
  if (!may_chat(session)) {
    delivery_.topics.strangers.add(session);
  } else if (block.had_from.everybody.load(std::memory_order_relaxed) == chat::SessionHadFrom::kNever) {
    listen(session);
  } else {
    delivery_.topics.everybody.add(session);
    const bool in_lobby = block.in_lobby.load(std::memory_order_relaxed) != 0;
    if (in_lobby && session.leaving_room != chat::kLobbyRoom) sit_in_lobby(session);
  }
  const std::uint64_t account = sessions_.login(session).account;
  if (account != 0) delivery_.topics.make_account(account).add(session);
  for (const std::uint32_t id : sessions_.rooms(session)) {
    if (id == session.leaving_room) continue;  // it has left, and is yet to get what was said before
    const auto state = context_.ledger().rooms()[id].load();
    if (!state || state->members == 0 || !wire::is_valid_room(state->name_view())) return false;
    TopicMap::Room* there = delivery_.topics.room(id);
    if (there != nullptr && !shm::same_name(there->name, state->name_view())) return false;
    TopicMap::Room& topics = delivery_.topics.make_room(id, state->name_view());
    topics.messages.add(session);
    if (session.has(chat::kPresenceOn)) topics.presence.add(session);
  }
  return true;
}

void LogFollower::listen(Session& session) {
  if (may_chat(session)) return listen_to_chat(session);
  delivery_.settle_position(session);
  delivery_.topics.strangers.add(session);
}

void LogFollower::listen_to_chat(Session& session) {
  delivery_.settle_position(session);
  delivery_.topics.strangers.remove(session);
  delivery_.topics.everybody.add(session);
  enter_lobby(session);
  session.block->had_from.everybody.store(newest_seq_, std::memory_order_release);  // last: see adopt()
}

// Somebody who may not chat any more hears nothing, and is in no room.
void LogFollower::listen_no_more(Session& session) {
  delivery_.settle_position(session);
  leave_rooms(session);
  leave_lobby(session);
  delivery_.topics.everybody.remove(session);
  session.block->had_from.everybody.store(chat::SessionHadFrom::kNever, std::memory_order_relaxed);
  delivery_.topics.strangers.add(session);
}

bool LogFollower::follow_rule_for_guests(Session& session) {
  if (session.dialect_id() == wire::DialectId::Undecided || session.stream.user != 0) return true;
  if (session.doomed || session.lingering || session.has(chat::kClosing)) return true;  // it goes anyway
  const bool chats = hears_chat(session) || session.block->rooms.count.load(std::memory_order_relaxed) > 0;
  if (chats == settings_.allow_guests) return true;
  if (session.in_flight > 0 || session.busy || session.items || session.reads_ring) return false;
  if (settings_.allow_guests)
    listen_to_chat(session);
  else
    listen_no_more(session);
  delivery_.commit(session);
  return true;
}

void LogFollower::leave_rooms(Session& session) {
  const chat::SessionLogin login = sessions_.login(session);
  GuestName guest;
  for (const std::uint32_t id : sessions_.rooms(session)) {
    chat::Record leave;
    leave.header.kind = chat::RecordKind::Leave;
    leave.header.flags = chat::kSilent;
    leave.header.session = session.index;
    leave.header.client = session.client;
    leave.header.account = login.account;
    leave.header.room = id;
    leave.name = display_name(login, session.client, guest);
    TopicMap::Room* room = delivery_.topics.room(id);
    if (room != nullptr) leave.target_name = room->name;
    if (id != session.leaving_room) outbox_.tell(leave);
    sessions_.remove_room(session, id);
    if (room == nullptr) continue;
    room->messages.remove(session);
    room->presence.remove(session);
    delivery_.topics.forget_room(id);
  }
}

void LogFollower::listen_to_account(Session& session, std::uint64_t account) {
  delivery_.settle_position(session);
  session.block->had_from.account.store(newest_seq_, std::memory_order_relaxed);
  delivery_.topics.make_account(account).add(session);
}

void LogFollower::set_presence(Session& session, bool on) {
  if (on == session.has(chat::kPresenceOn)) return;
  session.set(chat::kPresenceOn, on);
  delivery_.settle_position(session);
  for (const std::uint32_t id : sessions_.rooms(session)) {
    TopicMap::Room* room = delivery_.topics.room(id);
    if (room == nullptr) continue;
    if (on)
      room->presence.add(session);
    else
      room->presence.remove(session);
  }
}

void LogFollower::enter_lobby(Session& session) {
  if (session.block->in_lobby.load(std::memory_order_relaxed) != 0) return;
  delivery_.settle_position(session);
  session.block->had_from.lobby.store(newest_seq_, std::memory_order_relaxed);
  session.block->in_lobby.store(1, std::memory_order_release);
  sit_in_lobby(session);
}

void LogFollower::sit_in_lobby(Session& session) {
  delivery_.topics.make_room(chat::kLobbyRoom, wire::kLobby).messages.add(session);
  control_.lobby_members.store(++lobby_members_, std::memory_order_relaxed);
}

void LogFollower::leave_lobby(Session& session) {
  if (session.block->in_lobby.load(std::memory_order_relaxed) == 0) return;
  session.block->in_lobby.store(0, std::memory_order_relaxed);
  hear_lobby_no_more(session);
}

void LogFollower::hear_lobby_no_more(Session& session) {
  TopicMap::Room* lobby = delivery_.topics.room(chat::kLobbyRoom);
  if (lobby == nullptr || !lobby->messages.remove(session)) return;
  control_.lobby_members.store(--lobby_members_, std::memory_order_relaxed);
}

}  // namespace rookery::worker
