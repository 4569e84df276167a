// EventLoop's part about clients that have threads of their own: what one of them does with the loop's lock held.
#include "ipc/os/clock.h"
#include "ipc/os/crash_dump.h"
#include "worker/loop/event_loop.h"

namespace rookery::worker {

void EventLoop::thread_begins() {
  os::mark_if_this_thread_crashes(&control_.suspect.fatal);
}

void EventLoop::thread_ends() {
  os::mark_if_this_thread_crashes(nullptr);
}

std::span<char> EventLoop::room_for_input(Session& session) {
  return input_.room(session);
}

void EventLoop::received(Session& session, ssize_t got) {
  commands_.now = os::Monotonic::now();
  input_.received(session, got);
}

void EventLoop::resumed(Session& session) {
  commands_.now = os::Monotonic::now();
  input_.process(session);
}

bool EventLoop::begin_own_send(Session& session, std::vector<iovec>& parts) {
  outbox_.ring();  // the ledger works while we write
  return delivery_.begin_own_send(session, parts);
}

void EventLoop::end_own_send(Session& session, std::span<const iovec> parts, ssize_t sent) {
  delivery_.end_own_send(session, parts, sent);
}

// What a turn does after commands, but for the log: that is the loop's own thread's to read, for all clients at once.
void EventLoop::end_client_turn() {
  if (passwords_.waiting() > 0) now_ = os::Monotonic::now();
  hash_passwords();
  outbox_.ring();
  delivery_.flush();
  resume_sessions();
  bury_doomed();
  outbox_.ring();  // a long answer may have asked the archive
  if (outbox_.full() || delivery_.has_resting() || passwords_.waiting() > 0 || history_.has_mail())
    own_bell_.ring_if_asleep();
}

}  // namespace rookery::worker
