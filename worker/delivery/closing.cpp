// Delivery's part about the end of a session: its last words, the wait for the peer to take them, and who takes
// nothing.
#include <sys/socket.h>

#include <algorithm>

#include "ipc/os/socket_io.h"
#include "worker/delivery/delivery.h"

namespace rookery::worker {

void Delivery::forget_output(Session& session) {
  session.items.reset();
  forget_ring(session);
  session.stream.missed = 0;
  own_.drop(session);
  if (!session.behind()) return;
  session.set(chat::kBehind, false);
  for (Topic* topic : session.topics) --topic->behind;
  forget_stalled(session);
}

void Delivery::close_after_output(Session& session, bool hurried) {
  session.hurried |= hurried;
  session.set(chat::kClosing, true);
  commit(session);
  if (is_clear(session)) finish(session);
  if (!session.lingering) {
    session.stalled_since = os::CoarseMoment(os::Monotonic::now());
    if (!session.behind()) watch_stalled(session);
  }
}

// Everything is out: if it is to be closed, say so to the peer and wait a little for its end, so that our last words
// are not lost to a reset by input that we have not read.
void Delivery::finish(Session& session) {
  if (!session.has(chat::kClosing) || session.lingering || session.doomed) return;
  session.lingering = true;
  session.stalled_since = os::CoarseMoment(os::Monotonic::now());
  forget_stalled(session);
  watch_stalled(session);
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

void Delivery::close_slow(Session& session, const char* why) {
  if (!session.doomed) chat::count(control_.counters.slow_closed);
  doom(session, why);
}

void Delivery::watch_stalled(Session& session) {
  stalled_.push_back({&session});
}

void Delivery::forget_stalled(const Session& session) noexcept {
  std::erase_if(stalled_, [&session](const Stalled& stalled) { return stalled.session == &session; });
}

void Delivery::sweep(os::Monotonic::time_point now) {
  for (std::size_t i = 0; i < stalled_.size(); ++i) {
    Stalled& stalled = stalled_[i];
    Session& session = *stalled.session;
    skip_if_lost(session);
    if (session.doomed) continue;
    const auto since = session.stalled_since.age(now);
    if (session.lingering || session.hurried) {
      if (since > kLingerFor) doom(session, "left");
      continue;
    }
    const bool written_to = !stalled.unacknowledged || stalled.written_bytes != session.stream.written_bytes;
    if (!written_to && (!session.blocked || since <= kStalledFor)) continue;
    const auto unacknowledged = os::unacknowledged_bytes(session.socket.get());
    if (!written_to && (!unacknowledged || *unacknowledged >= *stalled.unacknowledged)) {
      close_slow(session, "too slow: it takes nothing");
      continue;
    }
    if (!written_to) session.stalled_since = os::CoarseMoment(now);
    stalled = {&session, session.stream.written_bytes, unacknowledged.value_or(0)};
  }
}

void Delivery::forget(Session& session) {
  session.items.reset();
  forget_ring(session);
  own_.drop(session);
  while (!session.topics.empty()) session.topics.back()->remove(session);
  std::erase(dirty_, &session);
  std::erase(resting_, &session);
  std::erase(hungry_, &session);
  std::erase(ring_deliveries_, &session);
  forget_stalled(session);
  std::erase(resumable_, &session);
  std::erase(doomed_, &session);
  doomed_why_.erase(&session);
  last_words_.erase(&session);
}

}  // namespace rookery::worker
