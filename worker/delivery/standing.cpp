// Delivery's part about where a session stands in the log: what it lacks of the tapes, how far a write brought it, how
// it falls behind, is passed over and catches up.
#include <algorithm>
#include <limits>

#include "worker/delivery/delivery.h"

namespace rookery::worker {

void Delivery::read_ring(Session& session, std::uint64_t cursor) {
  fall_behind(session, cursor);
  session.reads_ring = true;
  touch(session);
}

void Delivery::read_piece(Session& session) {
  const std::size_t most = std::min(kRingPieceBytes, max_own_output_bytes_ / 4);
  if (session.rests || session.skips_ring || own_.size_bytes(session) >= most) return;
  tell_missed(session);
  note_read(session, log_again->read_again(session, position_, most));
}

// An eighth of the ring is left until what it lacks could not even be counted: some of it is passed over, until it lies
// half a ring behind; whether its socket takes anything or not, and also in the middle of a long reply.
void Delivery::skip_if_lost(Session& session) {
  if (!session.reads_ring || !session.open()) return;
  const auto lag_exceeds = [&](std::uint64_t words) {
    return position_ > words && session.stream.log_cursor < position_ - words;
  };
  if (!session.skips_ring && !lag_exceeds(ring_words / 8 * 7)) return;
  session.skips_ring = true;
  if (session.rests) return;
  if (lag_exceeds(ring_words / 2))
    note_read(session, log_again->read_again(session, position_ - ring_words / 2, 0));
  else
    session.skips_ring = false;
  commit(session);
  touch(session);
}

void Delivery::note_read(Session& session, const AgainRead& read) {
  miss(session, read.missed);
  switch (read.end) {
    case ReadAgain::Caught:
      if (session.skips_ring)
        session.skips_ring = false;
      else
        forget_ring(session);
      break;
    case ReadAgain::More:
    case ReadAgain::Later:
      session.rests = true;
      (read.end == ReadAgain::More ? resting_ : hungry_).push_back(&session);
      break;
    case ReadAgain::Lapped:
      return lose(session);
  }
  log_again->answer_late(session);
}

// What it lacks is in the ring no more.
void Delivery::lose(Session& session) {
  forget_ring(session);
  session.stream.log_cursor = position_;
  scratch_.clear();
  session.dialect().notice(scratch_, "you were too slow, the chat has gone on without you: connect again and resume");
  append_own(session, scratch_);
  chat::count(control_.counters.slow_closed);
  close_after_output(session, true);
}

// Behind for the loop's fault, and by more than fits into own output: on the tapes it would miss messages.
bool Delivery::turns_to_ring(Session& session) {
  if (session.reads_ring) return true;
  if (!session.behind() || session.items || session.stream.log_cursor >= backlog_until_) return false;
  std::size_t entries = 0;
  if (own_.size_bytes(session) + waiting_on_tapes(session, entries) <= max_own_output_bytes_ / 2) return false;
  read_ring(session, session.stream.log_cursor);
  return true;
}

bool Delivery::must_wait(Session& session, std::uint64_t end) {
  return turns_to_ring(session) && session.stream.log_cursor < end;
}

std::size_t Delivery::waiting_on_tapes(const Session& session, std::size_t& entries) {
  load_reels(session);
  std::size_t bytes = 0;
  for (const Reel& reel : reels_) {
    entries += reel.end - reel.next;
    bytes += reel.tape->begin_byte(reel.end) - reel.tape->begin_byte(reel.next);
  }
  return bytes;
}

void Delivery::trim(Topic& topic) {
  for (std::size_t number = 1; number < wire::kDialectCount; ++number) {
    Tape& tape = topic.tapes()[number];
    if (topic.behind == 0) {
      tape.clear();
      continue;
    }
    if (tape.size_bytes() <= kMaxTapeBytes) continue;
    const std::size_t drop = tape.excess(kMaxTapeBytes / 2);
    const std::uint64_t kept_from = drop < tape.entries() ? tape.position(drop) : position_;
    for (Session* session : topic.members())
      if (session->behind() && session->stream.dialect == number && !session->reads_ring)
        pass_over(*session, kept_from);
    tape.drop(drop);
  }
}

// Of all it listens to, not of one topic alone: then one number says where it stands.
// Unless it is our fault, as where it takes a long reply as fast as we make it: then it gets all of it, from the ring,
// if that still has it for some time.
void Delivery::pass_over(Session& session, std::uint64_t until) {
  if (session.stream.log_cursor >= until) return;
  const bool is_our_fault =
      session.stream.log_cursor < backlog_until_ || (session.items != nullptr && !session.blocked);
  const bool ring_has_it = log_again != nullptr && position_ - session.stream.log_cursor <= ring_words / 8 * 7;
  if (is_our_fault && ring_has_it) return read_ring(session, session.stream.log_cursor);
  for (Topic* topic : session.topics) {
    const Tape& tape = topic->tape(session.dialect_id());
    miss(session, tape.first_from(until) - tape.first_from(session.stream.log_cursor));
  }
  session.stream.log_cursor = until;
  commit(session);  // so that a successor goes on from here, and tells exactly that
}

void Delivery::miss(Session& session, std::uint64_t messages) noexcept {
  if (messages == 0) return;
  if (session.stream.missed == 0) chat::count(control_.counters.slow_passed_over);
  session.stream.missed += static_cast<std::uint32_t>(messages);
  chat::count(control_.counters.messages_passed_over, messages);
}

void Delivery::tell_missed(Session& session) {
  if (session.stream.missed == 0 || session.items) return;
  scratch_.clear();
  session.dialect().missed(scratch_, session.stream.missed);
  session.stream.missed = 0;
  append_own(session, scratch_);
}

void Delivery::load_reels(const Session& session) {
  reels_.clear();
  for (Topic* topic : session.topics) {
    const Tape& tape = topic->tape(session.dialect_id());
    const std::size_t next = session.behind() ? tape.first_from(session.stream.log_cursor) : tape.unflushed();
    if (next < tape.entries()) reels_.push_back({&tape, next, tape.entries()});
  }
}

void Delivery::add_part(const Tape* tape, std::size_t first, std::size_t end) {
  const std::string_view bytes = tape->bytes(first, end);
  parts_.push_back({const_cast<char*>(bytes.data()), bytes.size()});
  parts_of_tapes_.push_back({tape, first, end});
}

// The session's entries in the order of the log, as few runs as possible. Leaves in reels_ what did not go in.
std::size_t Delivery::gather_tapes(const Session& session, std::size_t budget_bytes) {
  load_reels(session);
  std::size_t sum = 0;
  while (!reels_.empty() && parts_.size() < kMaxParts && sum < budget_bytes) {
    auto first = reels_.begin();
    std::uint64_t until = std::numeric_limits<std::uint64_t>::max();  // where the next reel has its turn
    for (auto reel = reels_.begin() + 1; reel < reels_.end(); ++reel) {
      if (reel->tape->position(reel->next) < first->tape->position(first->next)) {
        until = first->tape->position(first->next);
        first = reel;
      } else {
        until = std::min(until, reel->tape->position(reel->next));
      }
    }
    const Tape& tape = *first->tape;
    std::size_t end = until == std::numeric_limits<std::uint64_t>::max() ? first->end : tape.first_from(until);
    const std::size_t most = tape.begin_byte(first->next) + (budget_bytes - sum);
    if (tape.begin_byte(end) > most) end = std::max(tape.entry_at(most, first->next), first->next + 1);
    add_part(&tape, first->next, end);
    sum += parts_.back().iov_len;
    first->next = end;
    if (first->next == first->end) reels_.erase(first);
  }
  return sum;
}

// The socket has taken these many bytes of what was gathered.
void Delivery::took(Session& session, std::size_t own_bytes, std::size_t tape_bytes) {
  if (own_bytes > 0) own_.consume(session, own_bytes);
  std::uint64_t delivered = 0;
  for (const Part& part : parts_of_tapes_) {
    const Tape& tape = *part.tape;
    const std::size_t bytes = tape.begin_byte(part.end) - tape.begin_byte(part.first);
    if (tape_bytes >= bytes) {
      tape_bytes -= bytes;
      delivered += part.end - part.first;
      if (session.behind()) session.stream.log_cursor = tape.position(part.end - 1) + 1;
      continue;
    }
    const std::size_t stopped = tape.begin_byte(part.first) + tape_bytes;
    const std::size_t entry = tape.entry_at(stopped, part.first);
    delivered += entry - part.first;
    std::uint64_t cursor = tape.position(entry);
    if (stopped > tape.begin_byte(entry)) {  // in the middle of a message: the rest of it is now the session's own
      append_own(session, tape.bytes(entry, entry + 1).substr(stopped - tape.begin_byte(entry)));
      ++cursor;
    }
    fall_behind(session, cursor);
    reels_.clear();
    break;
  }
  if (parts_of_tapes_.empty() && session.has_own_output() && !session.behind()) fall_behind(session, position_);
  if (!reels_.empty()) {  // they did not go into this write
    std::uint64_t cursor = std::numeric_limits<std::uint64_t>::max();
    for (const Reel& reel : reels_) cursor = std::min(cursor, reel.tape->position(reel.next));
    fall_behind(session, cursor);
  }
  if (delivered > 0) chat::count(control_.deliveries, delivered);
}

void Delivery::settle_position(Session& session) {
  if (session.items) return;
  if (!session.behind()) {
    session.stream.log_cursor = std::max(session.stream.log_cursor, position_);
    commit(session);
    return;
  }
  if (turns_to_ring(session)) {  // it takes nothing from tapes, and hears what its block says where it stands
    commit(session);
    return;
  }
  tell_missed(session);
  parts_.clear();
  parts_of_tapes_.clear();
  std::size_t entries = 0;
  const std::size_t bytes = waiting_on_tapes(session, entries);
  if (own_.size_bytes(session) + bytes > max_own_output_bytes_ / 2) {
    miss(session, entries);
    tell_missed(session);
  } else {
    while (session.open() && gather_tapes(session, kWriteBudgetBytes) > 0) {
      for (const Part& part : parts_of_tapes_) append_own(session, part.tape->bytes(part.first, part.end));
      session.stream.log_cursor = parts_of_tapes_.back().tape->position(parts_of_tapes_.back().end - 1) + 1;
      parts_.clear();
      parts_of_tapes_.clear();
    }
  }
  session.stream.log_cursor = position_;
  commit(session);
}

void Delivery::fall_behind(Session& session, std::uint64_t cursor) {
  session.stream.log_cursor = cursor;
  if (session.behind()) return;
  session.set(chat::kBehind, true);
  for (Topic* topic : session.topics) ++topic->behind;
  session.stalled_since = os::CoarseMoment(os::Monotonic::now());
  watch_stalled(session);
}

// The session has had everything.
void Delivery::catch_up(Session& session) {
  session.stream.log_cursor = position_;
  if (session.behind()) {
    session.set(chat::kBehind, false);
    for (Topic* topic : session.topics) {
      if (--topic->behind == 0 && !topic->touched)
        for (Tape& tape : topic->tapes()) tape.clear();
    }
    forget_stalled(session);
    resume(session);
  }
  commit(session);
  finish(session);
}

}  // namespace rookery::worker
