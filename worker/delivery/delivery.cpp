#include "worker/delivery/delivery.h"

#include <algorithm>

#include "worker/delivery/send_parts.h"

namespace rookery::worker {

namespace {

constexpr std::size_t kItemsAheadBytes = 16 * 1024;  // of a long reply, made before the socket asks for more

}  // namespace

Delivery::Delivery(SocketWatch& watch, SessionTable& sessions, BufferPool& buffers, chat::LoopControl& control,
                   std::size_t max_own_output_bytes, std::span<std::atomic<std::uint64_t>> heard)
    : topics(heard),
      watch_(watch),
      sessions_(sessions),
      own_(buffers),
      control_(control),
      max_own_output_bytes_(max_own_output_bytes) {
  chat::set(control_.counters.tape_bytes, 0);
}

void Delivery::reply(Session& session, std::string_view bytes) {
  if (!session.open() || session.lingering || session.items) return;
  if (session.behind() && !turns_to_ring(session)) settle_position(session);
  if (session.reads_ring) tell_missed(session);
  append_own(session, bytes);
  touch(session);
}

void Delivery::say_last(Session& session, std::string_view bytes) {
  if (session.open() && session.items)
    last_words_[&session] = bytes;
  else
    reply(session, bytes);
}

void Delivery::append_own(Session& session, std::string_view bytes) {
  if (own_.size_bytes(session) + bytes.size() > max_own_output_bytes_) {
    close_slow(session, "too slow: it does not take its replies");
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
      if (session->reads_ring) {
        touch(*session);
        continue;
      }
      session->visited = flush_;
      if (!session->blocked) deliver(*session);
    }
  }
  for (std::size_t i = 0; i < dirty_.size(); ++i) {  // grows while replies are made
    Session& session = *dirty_[i];
    session.dirty = false;
    if (session.reads_ring)
      ring_deliveries_.push_back(&session);
    else if (session.visited != flush_ && !session.blocked)
      deliver(session);
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
  keep_within_memory();
  delivered_ = position_;
  // What they read may take them into rooms and out of them.
  for (Session* session : std::exchange(ring_deliveries_, {})) {
    skip_if_lost(*session);
    if (!session->blocked) deliver(*session);
  }
}

void Delivery::on_writable(Session& session) {
  session.blocked = false;
  deliver(session);
  update_interest(session);
}

void Delivery::deliver(Session& session) {
  for (;;) {
    if (!session.open() || session.lingering) return;
    if (!session.skips_ring) tell_missed(session);
    const bool more_items = top_up(session);
    if (!session.items && session.reads_ring) read_piece(session);
    if (!session.open()) return;

    parts_.clear();
    parts_of_tapes_.clear();
    reels_.clear();
    const std::size_t own_bytes = own_.gather(session, parts_, kMaxParts);
    // Who is not behind lacks only what this turn has put on tapes.
    const bool on_tapes = !session.items && !session.reads_ring && (session.behind() || !touched_.empty());
    const std::size_t tape_bytes = on_tapes ? gather_tapes(session, kWriteBudgetBytes) : 0;
    const std::size_t total = own_bytes + tape_bytes;
    if (total == 0) {
      if (session.items || session.reads_ring) return;  // the item source waits, or its turn is over
      catch_up(session);
      return;
    }

    if (session.uncommitted) commit(session);  // what is sent must be known to a successor
    if (!was_sent(session, send_parts(session.socket.get(), parts_), own_bytes, total)) return;
    if (!more_items && !session.items && !session.reads_ring && reels_.empty()) {
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
  chat::count(control_.counters.bytes_out, taken);
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
      if (const auto words = last_words_.extract(&session)) append_own(session, words.mapped());
      resume(session);
    }
  }
  return session.items != nullptr && !session.rests;
}

void Delivery::next_turn() {
  for (std::vector<Session*>* waiting : {&hungry_, &resting_}) {
    for (Session* session : std::exchange(*waiting, {})) {
      session->rests = false;
      touch(*session);
    }
  }
}

void Delivery::resume(Session& session) {
  if (session.resuming) return;
  session.resuming = true;
  resumable_.push_back(&session);
}

void Delivery::update_interest(Session& session) {
  if (session.doomed) return;
  if (!watch_.update(session)) doom(session, "epoll refused it");
}

}  // namespace rookery::worker
