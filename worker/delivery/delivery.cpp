#include "worker/delivery/delivery.h"

#include <sys/socket.h>

#include <algorithm>
#include <limits>

#include "worker/delivery/send_parts.h"

namespace rookery::worker {

namespace {

constexpr std::size_t kMaxParts = 64;                  // of one write; beyond some dozens the kernel gains nothing
constexpr std::size_t kWriteBudgetBytes = 256 * 1024;  // of one write; more than a socket buffer takes at once
constexpr std::size_t kItemsAheadBytes = 16 * 1024;    // of a long reply, made before the socket asks for more

}  // namespace

Delivery::Delivery(SocketWatch& watch, SessionTable& sessions, BufferPool& buffers, chat::LoopControl& control,
                   std::size_t max_own_output_bytes)
    : topics(control.rooms_heard),
      watch_(watch),
      sessions_(sessions),
      own_(buffers),
      control_(control),
      max_own_output_bytes_(max_own_output_bytes) {}

void Delivery::reply(Session& session, std::string_view bytes) {
  if (!session.open() || session.lingering || session.items) return;
  if (session.behind()) settle_position(session);
  append_own(session, bytes);
  touch(session);
}

void Delivery::append_own(Session& session, std::string_view bytes) {
  if (own_.size_bytes(session) + bytes.size() > max_own_output_bytes_) {
    doom(session, "too slow: it does not take its replies");
  } else if (!own_.append(session, bytes)) {
    doom(session, "no shared memory left for its replies");
  }
}

void Delivery::touch(Session& session) {
  if (session.dirty) return;
  session.dirty = true;
  dirty_.push_back(&session);
}

void Delivery::offer(Session& session) {
  if (!session.dirty || session.blocked || dirty_.back() != &session || !touched_.empty()) return;
  dirty_.pop_back();
  session.dirty = false;
  deliver(session);
}

std::uint64_t Delivery::pass_sent(Session& session, std::uint64_t bytes) noexcept {
  const std::uint64_t passed = std::min<std::uint64_t>(bytes, own_.size_bytes(session));
  own_.consume(session, passed);
  session.stream.written_bytes += passed;
  return passed;
}

void Delivery::append_log(Session& session, std::string_view bytes) {
  if (session.stream.missed > 0 || own_.size_bytes(session) + bytes.size() > max_own_output_bytes_)
    ++session.stream.missed;
  else
    append_own(session, bytes);
}

void Delivery::forget_output(Session& session) {
  session.items.reset();
  forget_ring(session);
  session.stream.missed = 0;
  own_.drop(session);
  if (!session.behind()) return;
  session.set(chat::kBehind, false);
  for (Topic* topic : session.topics) --topic->behind;
  std::erase(stalled_, &session);
}

void Delivery::read_ring_until(Session& session, std::uint64_t until) {
  session.reads_ring = true;
  ring_until_[&session] = until;
}

void Delivery::forget_ring(Session& session) noexcept {
  if (session.reads_ring) ring_until_.erase(&session);
  session.reads_ring = false;
}

void Delivery::read_ring_first(Session& session) {
  if (!session.reads_ring) return;
  const std::uint64_t until = ring_until_[&session];
  read_ring(session, until);
  session.stream.log_cursor = std::max(session.stream.log_cursor, until);
  forget_ring(session);
}

void Delivery::begin_items(Session& session, std::unique_ptr<ItemSource> items) {
  session.items = std::move(items);
  const bool stands_elsewhere = session.behind() || session.reads_ring;
  fall_behind(session, stands_elsewhere ? session.stream.log_cursor : position_);
  touch(session);
}

void Delivery::flush() {
  ++flush_;
  for (Topic* topic : touched_) {
    for (Session* session : topic->members()) {
      if (session->visited == flush_) continue;
      session->visited = flush_;
      if (!session->blocked) deliver(*session);
    }
  }
  for (std::size_t i = 0; i < dirty_.size(); ++i) {  // grows while replies are made
    Session& session = *dirty_[i];
    session.dirty = false;
    if (session.visited != flush_ && !session.blocked) deliver(session);
    // Its socket takes nothing now: what it was answered is written down all the same, before the loop forgets the
    // question.
    if (session.uncommitted && !session.doomed) commit(session);
  }
  dirty_.clear();
  for (Topic* topic : touched_) {
    topic->touched = false;
    for (Tape& tape : topic->tapes()) tape.mark_flushed();
    trim(*topic);
  }
  touched_.clear();
  delivered_ = position_;
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
      if (session->behind() && session->stream.dialect == number) pass_over(*session, kept_from);
    tape.drop(drop);
  }
}

// Of all it listens to, not of one topic alone: then one number says where it stands.
void Delivery::pass_over(Session& session, std::uint64_t until) noexcept {
  if (session.stream.log_cursor >= until) return;
  for (Topic* topic : session.topics) {
    const Tape& tape = topic->tape(session.dialect_id());
    session.stream.missed +=
        static_cast<std::uint32_t>(tape.first_from(until) - tape.first_from(session.stream.log_cursor));
  }
  session.stream.log_cursor = until;
}

void Delivery::on_writable(Session& session) {
  session.blocked = false;
  deliver(session);
  update_interest(session);
}

void Delivery::deliver(Session& session) {
  for (;;) {
    if (!session.open() || session.lingering) return;
    tell_missed(session);
    const bool more_items = top_up(session);
    if (!session.items) read_ring_first(session);

    parts_.clear();
    parts_of_tapes_.clear();
    reels_.clear();
    const std::size_t own_bytes = own_.gather(session, parts_, kMaxParts);
    // Who is not behind lacks only what this turn has put on tapes.
    const bool on_tapes = !session.items && (session.behind() || !touched_.empty());
    const std::size_t tape_bytes = on_tapes ? gather_tapes(session, kWriteBudgetBytes) : 0;
    const std::size_t total = own_bytes + tape_bytes;
    if (total == 0) {
      if (session.items) return;  // the item source waits
      catch_up(session);
      return;
    }

    if (session.uncommitted) commit(session);  // what is sent must be known to a successor
    if (!was_sent(session, send_parts(session.socket.get(), parts_), own_bytes, total)) return;
    if (!more_items && !session.items && reels_.empty()) {
      catch_up(session);
      return;
    }
    commit(session);
  }
}

// False: the socket has not taken all of it.
bool Delivery::was_sent(Session& session, ssize_t sent, std::size_t own_bytes, std::size_t total) {
  if (sent < 0) {
    doom(session, "gone while written to");
    return false;
  }
  const auto taken = static_cast<std::size_t>(sent);
  session.stream.written_bytes += taken;
  if (taken > 0 && session.behind()) session.stalled_since = os::CoarseMoment(os::Monotonic::now());
  took(session, std::min(taken, own_bytes), taken - std::min(taken, own_bytes));
  if (taken == total) return true;
  session.blocked = true;
  commit(session);
  update_interest(session);
  return false;
}

bool Delivery::begin_own_send(Session& session, std::vector<iovec>& parts) {
  parts.clear();
  if (!session.open() || session.lingering || session.blocked || session.behind() || session.items ||
      session.stream.missed > 0)
    return false;
  if (own_.gather(session, parts, kMaxParts) == 0) return false;
  fall_behind(session, position_);
  session.blocked = true;
  commit(session);  // the loop's position moves on meanwhile, this session's does not
  return true;
}

void Delivery::end_own_send(Session& session, std::span<const iovec> parts, ssize_t sent) {
  session.blocked = false;
  if (session.doomed) return;
  std::size_t bytes = 0;
  for (const iovec& part : parts) bytes += part.iov_len;
  parts_of_tapes_.clear();
  reels_.clear();
  if (was_sent(session, sent, bytes, bytes)) deliver(session);
}

// Makes items until there is a write's worth; true while there may be more at once.
bool Delivery::top_up(Session& session) {
  while (session.items && !session.rests && own_.size_bytes(session) < kItemsAheadBytes) {
    scratch_.clear();
    const ItemsState state = session.items->next(session, scratch_);
    append_own(session, scratch_);
    if (!session.open()) return false;
    if (state == ItemsState::Waiting) return false;
    if (state == ItemsState::Later) {
      session.rests = true;
      resting_.push_back(&session);
    }
    if (state == ItemsState::Done) {
      std::exchange(session.items, nullptr)->done(session);
      resume(session);
    }
  }
  return session.items != nullptr && !session.rests;
}

void Delivery::next_turn() {
  for (Session* session : std::exchange(resting_, {})) {
    session->rests = false;
    touch(*session);
  }
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
  if (delivered > 0)
    control_.deliveries.store(control_.deliveries.load(std::memory_order_relaxed) + delivered,
                              std::memory_order_relaxed);
}

void Delivery::settle_position(Session& session) {
  if (session.items) return;
  if (!session.behind()) {
    session.stream.log_cursor = std::max(session.stream.log_cursor, position_);
    commit(session);
    return;
  }
  read_ring_first(session);
  tell_missed(session);
  parts_.clear();
  parts_of_tapes_.clear();
  load_reels(session);
  std::size_t entries = 0;
  std::size_t bytes = 0;
  for (const Reel& reel : reels_) {
    entries += reel.end - reel.next;
    bytes += reel.tape->begin_byte(reel.end) - reel.tape->begin_byte(reel.next);
  }
  if (own_.size_bytes(session) + bytes > max_own_output_bytes_ / 2) {
    session.stream.missed += static_cast<std::uint32_t>(entries);
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
  stalled_.push_back(&session);
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
    std::erase(stalled_, &session);
    resume(session);
  }
  commit(session);
  finish(session);
}

void Delivery::resume(Session& session) {
  if (session.resuming) return;
  session.resuming = true;
  resumable_.push_back(&session);
}

void Delivery::close_after_output(Session& session, bool hurried) {
  session.hurried |= hurried;
  session.set(chat::kClosing, true);
  commit(session);
  if (is_clear(session)) finish(session);
  if (!session.lingering) {
    session.stalled_since = os::CoarseMoment(os::Monotonic::now());
    if (!session.behind()) stalled_.push_back(&session);
  }
}

// Everything is out: if it is to be closed, say so to the peer and wait a little for its end, so that our last words
// are not lost to a reset by input that we have not read.
void Delivery::finish(Session& session) {
  if (!session.has(chat::kClosing) || session.lingering || session.doomed) return;
  session.lingering = true;
  session.stalled_since = os::CoarseMoment(os::Monotonic::now());
  std::erase(stalled_, &session);
  stalled_.push_back(&session);
  ::shutdown(session.socket.get(), SHUT_WR);
  session.want_input = true;
  update_interest(session);
  if (session.has(chat::kInputEnded)) doom(session, "left");
}

void Delivery::doom(Session& session, const char* why) {
  if (session.doomed) return;
  session.doomed = true;
  doomed_why_[&session] = why;
  doomed_.push_back(&session);
}

void Delivery::update_interest(Session& session) {
  if (session.doomed) return;
  if (!watch_.update(session)) doom(session, "epoll refused it");
}

void Delivery::sweep(os::Monotonic::time_point now) {
  for (std::size_t i = 0; i < stalled_.size(); ++i) {
    Session& session = *stalled_[i];
    const auto since = session.stalled_since.age(now);
    if (session.lingering || session.hurried) {
      if (since > kLingerFor) doom(session, "left");
    } else if (session.blocked && since > kStalledFor) {
      doom(session, "too slow: it takes nothing");
    }
  }
}

void Delivery::forget(Session& session) {
  session.items.reset();
  forget_ring(session);
  own_.drop(session);
  while (!session.topics.empty()) session.topics.back()->remove(session);
  std::erase(dirty_, &session);
  std::erase(resting_, &session);
  std::erase(stalled_, &session);
  std::erase(resumable_, &session);
  std::erase(doomed_, &session);
  doomed_why_.erase(&session);
}

}  // namespace rookery::worker
