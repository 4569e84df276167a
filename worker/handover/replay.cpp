#include "worker/handover/replay.h"

#include <algorithm>
#include <utility>

#include "worker/log/record_event.h"

namespace rookery::worker {

namespace {

// Where to begin so that nothing from `from` on is passed over: at a landmark, for `from` may lie within a record.
// Empty: the ring does not reach so far; `oldest` is where it begins.
std::optional<shm::Position> begin_for(const shm::LogRingReader& ring, shm::Position from, shm::Position& oldest) {
  std::vector<shm::Position> landmarks;
  ring.landmarks(landmarks);
  oldest = landmarks.empty() ? ring.committed_end() : landmarks.front();
  const auto after = std::upper_bound(landmarks.begin(), landmarks.end(), from);
  if (after == landmarks.begin()) return std::nullopt;
  return *(after - 1);
}

}  // namespace

void Replay::clear() noexcept {
  all_.clear();
  by_client_.clear();
  rooms_.clear();
}

void Replay::run_alone(ReplayPart& part, shm::Position until, std::uint64_t& words) {
  clear();
  alone_ = true;
  enlist(part);
  shm::LogRingReader ring = commands_.worker.ring_reader();
  if (part.at_record) {
    ring.seek(part.cursor);
  } else {
    shm::Position oldest = 0;
    const auto begin = begin_for(ring, part.cursor, oldest);
    part.lapped = !begin && part.cursor < until;
    if (part.lapped) return;
    ring.seek(begin.value_or(until));
  }
  while (!part.stopped && ring.position() < until) {
    const shm::Position at = ring.position();
    if (words == 0 && at >= part.cursor) {  // the search for its place is not counted: some thousand words
      part.stopped = true;
      part.cursor = at;
      return;
    }
    const auto record = ring.read(bytes_) == shm::ReadResult::Record ? chat::decode_record(bytes_) : std::nullopt;
    part.lapped = !record;
    if (part.lapped) return;
    words -= std::min(words, ring.position() - at);
    if (at >= part.cursor) apply(*record, at, ring.position());
  }
  if (!part.stopped) part.cursor = std::max(part.cursor, ring.position());
}

void Replay::run(std::vector<ReplayPart>& parts, shm::Position from, shm::Position until) {
  clear();
  alone_ = false;
  for (ReplayPart& part : parts) {
    from = std::min(from, part.cursor);
    enlist(part);
  }
  shm::LogRingReader ring = commands_.worker.ring_reader();
  for (;;) {
    shm::Position oldest = 0;
    const auto begin = begin_for(ring, from, oldest);
    // A log that ends where it begins has no landmark: there is nothing to read.
    if (!begin && from < until && oldest > from) {
      for (ReplayPart& part : parts) part.lapped |= part.cursor < oldest;
      from = oldest;
      if (from >= until) return;
      continue;
    }
    ring.seek(begin.value_or(until));
    bool lapped = false;
    while (ring.position() < until) {
      const shm::Position at = ring.position();
      const shm::ReadResult result = ring.read(bytes_);
      if (result == shm::ReadResult::Empty) return;
      const auto record = result == shm::ReadResult::Record ? chat::decode_record(bytes_) : std::nullopt;
      if (!record) {
        lapped = true;
        from = at;
        break;
      }
      commands_.follower.know_newest_seq(record->header.seq);
      if (ring.position() > from) apply(*record, at, ring.position());
    }
    if (!lapped) return;
    // The ring has moved on under our eyes.
    for (ReplayPart& part : parts) part.lapped = true;
    return;
  }
}

void Replay::enlist(ReplayPart& part) {
  all_.push_back(&part);
  by_client_[part.session->client] = &part;
  const chat::SessionBlock& block = *part.session->block;
  if (block.in_lobby.load(std::memory_order_relaxed) != 0)
    rooms_[chat::kLobbyRoom].push_back({&part, block.had_from.lobby.load(std::memory_order_relaxed)});
  for (const chat::SessionRoom& room : commands_.sessions.rooms_had(*part.session))
    rooms_[room.id].push_back({&part, room.had_from});
}

void Replay::apply(const chat::Record& record, shm::Position begin, shm::Position end) {
  for (std::string& text : texts_) text.clear();
  const chat::RecordHeader& header = record.header;
  if (const auto own = by_client_.find(header.client); own != by_client_.end() && header.outbox_number != 0)
    apply_own(*own->second, record, begin, end);
  switch (header.kind) {
    case chat::RecordKind::Say:
    case chat::RecordKind::Broadcast:
    case chat::RecordKind::Direct:
      return give_message(record, begin);
    case chat::RecordKind::Join:
    case chat::RecordKind::Leave:
      if (header.outcome == 0 && (header.flags & chat::kPresence) != 0) give_presence(record, begin);
      return;
    case chat::RecordKind::Notice:
      for (ReplayPart* part : all_) {
        if (part->session->dialect_id() == wire::DialectId::Undecided) continue;
        give(*part, begin, [&](const wire::Dialect& dialect, std::string& out) { dialect.notice(out, record.text); });
      }
      return;
    case chat::RecordKind::None:
    case chat::RecordKind::Register:
    case chat::RecordKind::ReserveClients:
    case chat::RecordKind::FetchHistory:
    case chat::RecordKind::FetchMissed:
    case chat::RecordKind::ChangeAccount:
    case chat::RecordKind::ChangeBan:
      return;
  }
}

void Replay::apply_own(ReplayPart& part, const chat::Record& record, shm::Position begin, shm::Position end) {
  Session& session = *part.session;
  const chat::RecordHeader& header = record.header;
  const chat::SessionStream& stream = session.stream;
  if (!alone_ && wants_reply(header)) {
    const bool same_count = stream.slot == header.slot;
    const bool unknown = header.slot == part.dead_slot && (same_count ? header.outbox_number > stream.outbox_number
                                                                      : header.slot_epoch == part.dead_epoch);
    const bool waits =
        same_count && header.outbox_number > stream.answered_number && header.outbox_number <= stream.outbox_number;
    if (unknown) {
      part.asked_twice |= part.asked != 0;
      part.asked = header.outbox_number;
    }
    if (unknown || waits) {
      part.newest_found = std::max(part.newest_found, header.outbox_number);
      receipts_.inherit(record, end, session);
      ++session.in_flight;
      const bool membership = header.kind == chat::RecordKind::Join || header.kind == chat::RecordKind::Leave;
      session.membership_pending |= membership;
      if (header.kind == chat::RecordKind::Leave && begin >= part.cursor && header.outcome == 0)
        session.leaving_room = static_cast<std::uint16_t>(header.room);
    }
  }
  if (begin < part.cursor || header.outcome != 0) return;
  const bool joins = header.kind == chat::RecordKind::Join;
  if (!joins && header.kind != chat::RecordKind::Leave) return;
  if (!joins && part.stopped) {  // it takes effect when the session gets there
    session.leaving_room = static_cast<std::uint16_t>(header.room);
    return;
  }
  // First what is before it, then the change; see LogFollower::apply_own_join().
  if (!part.stopped && (alone_ || !part.counts_only)) {
    session.stream.log_cursor = begin;
    session.stream.missed += static_cast<std::uint32_t>(std::exchange(part.counted, 0));
    const bool was_behind = session.behind();
    session.set(chat::kBehind, true);
    commands_.sessions.commit(session);
    session.set(chat::kBehind, was_behind);
  }
  change_room(session, header, joins);
  session.leaving_room = kNoRoom;
  Listeners& there = rooms_[header.room];
  std::erase_if(there, [&part](const Listener& listener) { return listener.part == &part; });
  if (joins && session.open()) there.push_back({&part, header.seq});
}

// In the block alone; into the topics it comes when all is read. Done already: its worker died right after it.
void Replay::change_room(Session& session, const chat::RecordHeader& header, bool joins) {
  chat::SessionBlock& block = *session.block;
  if (header.room == chat::kLobbyRoom) {
    if (joins && block.in_lobby.load(std::memory_order_relaxed) == 0)
      block.had_from.lobby.store(header.seq, std::memory_order_relaxed);
    block.in_lobby.store(joins ? 1 : 0, std::memory_order_release);
    return;
  }
  if (commands_.sessions.is_in_room(session, header.room) == joins) return;
  if (!joins)
    commands_.sessions.remove_room(session, header.room);
  else if (!commands_.sessions.add_room(session, header.room, header.seq))
    commands_.delivery.doom(session, "no shared memory left for its rooms");
}

bool Replay::takes(ReplayPart& part, shm::Position begin) const {
  if (begin < part.cursor || part.stopped || part.lapped || part.counts_only || !part.session->open()) return false;
  // What is already sent lies behind all of its own output, which then is empty.
  if (part.already_sent > 0 || commands_.delivery.own_bytes(*part.session) < part.most_bytes) return true;
  part.stopped = true;
  part.cursor = begin;
  return false;
}

template <class Encode>
void Replay::give(ReplayPart& part, shm::Position begin, Encode encode) {
  if (!takes(part, begin)) return;
  Session& session = *part.session;
  std::string& text = texts_[session.stream.dialect];
  if (text.empty()) encode(session.dialect(), text);
  append(part, text);
}

void Replay::append(ReplayPart& part, std::string_view bytes) {
  const std::uint64_t sent = std::min<std::uint64_t>(part.already_sent, bytes.size());
  part.already_sent -= sent;
  part.session->stream.written_bytes += sent;
  bytes.remove_prefix(sent);
  if (!bytes.empty() && !commands_.delivery.append_inherited(*part.session, bytes))
    commands_.delivery.doom(*part.session, "no shared memory left for its output");
}

void Replay::give_message(const chat::Record& record, shm::Position begin) {
  const chat::RecordHeader& header = record.header;
  const wire::MessageEvent event = event_of(record, record.target_name, commands_.worker.epoch());
  const auto encode = [&event](const wire::Dialect& dialect, std::string& out) { dialect.message(out, event); };
  const auto give_it = [&](ReplayPart& part) {
    if (part.counts_only && begin >= part.cursor) ++part.counted;
    give(part, begin, encode);
  };
  if (header.kind == chat::RecordKind::Say) {
    for (const Listener& listener : rooms_[header.room])
      if (header.seq > listener.had_from) give_it(*listener.part);
    return;
  }
  const bool to_guest = (header.flags & chat::kTargetIsGuest) != 0;
  for (ReplayPart* part : all_) {
    const Session& session = *part->session;
    const auto everybody = session.block->had_from.everybody.load(std::memory_order_relaxed);
    if (session.dialect_id() == wire::DialectId::Undecided) continue;
    if (header.kind == chat::RecordKind::Broadcast) {
      if (header.seq > everybody) give_it(*part);  // kNever is above all
      continue;
    }
    const bool is_target = to_guest ? session.client == header.target
                                    : commands_.sessions.login(session).account == header.target &&
                                          header.seq > session.block->had_from.account.load(std::memory_order_relaxed);
    if (is_target) give_it(*part);
  }
}

void Replay::give_presence(const chat::Record& record, shm::Position begin) {
  const wire::Sender who{record.header.client, record.name};
  for (const Listener& listener : rooms_[record.header.room]) {
    if (!listener.part->session->has(chat::kPresenceOn) || record.header.seq < listener.had_from) continue;
    give(*listener.part, begin, [&](const wire::Dialect& dialect, std::string& out) {
      record.header.kind == chat::RecordKind::Join ? dialect.joined(out, record.target_name, who)
                                                   : dialect.left(out, record.target_name, who);
    });
  }
}

}  // namespace rookery::worker
