#include "worker/loop/client_threads.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "ipc/os/crash_dump.h"
#include "ipc/os/socket_io.h"
#include "worker/delivery/send_parts.h"

namespace rookery::worker {

namespace {

// The system tests pass with an eighth of it; only what is touched is memory. Sanitizers make frames several times
// larger.
#if defined(ROOKERY_SANITIZED)
constexpr std::size_t kStackBytes = std::size_t{1024} * 1024;
#else
constexpr std::size_t kStackBytes = std::size_t{256} * 1024;
#endif

// Not while a line that is there waits for an earlier answer: a thread in recv() would not hear that it has come.
bool may_receive(const Session& session) noexcept {
  return session.want_input && (!session.line_waits || session.lingering);
}

}  // namespace

ClientThreads::Seat& ClientThreads::seat_of(const Session& session) {
  while (seats_.size() <= session.index) {
    seats_.emplace_back();
    served_.push_back(nullptr);
  }
  return seats_[session.index];
}

int ClientThreads::begin(Session& session) {
  reap();
  Seat& seat = seat_of(session);
  seat.receiving = seat.resumed = false;
  served_[session.index] = &session;
  const int error = seat.thread.start(kStackBytes, [this, &session, &seat] { serve(session, seat); });
  if (error != 0) served_[session.index] = nullptr;
  return error;
}

// Blocked output is the loop's to send on: its epoll knows the socket as long as that lasts.
bool ClientThreads::update(Session& session) {
  const std::uint32_t wanted = session.blocked ? EPOLLOUT : 0U;
  if (wanted != session.interest) {
    if (wanted == 0)
      poller_.remove(session.socket.get());
    else if (!poller_.add(session.socket.get(), wanted, session.token()))
      return false;
    session.interest = wanted & 7;
  }
  call(session, seat_of(session));
  return true;
}

bool ClientThreads::resume(Session& session) {
  Seat& seat = seat_of(session);
  seat.resumed = true;
  call(session, seat);
  return true;
}

bool ClientThreads::release(Session& session) {
  if (session.interest != 0) poller_.remove(session.socket.get());
  session.interest = 0;
  ::shutdown(session.socket.get(), SHUT_RDWR);  // the thread comes out of recv()
  seat_of(session).called.notify_one();
  return false;
}

void ClientThreads::call(Session& session, Seat& seat) {
  if (!seat.receiving && (seat.resumed || may_receive(session))) seat.called.notify_one();
}

void ClientThreads::serve(Session& session, Seat& seat) {
  const os::CrashStack stack;
  std::unique_lock turn(turn_lock_);
  turns_.thread_begins();
  while (!session.doomed && !ending_) {
    if (seat.resumed) {
      seat.resumed = false;
      turns_.resumed(session);
      answer(turn, session, seat);
    } else if (may_receive(session)) {
      receive(turn, session, seat);
    } else {
      wait(turn, session, seat);
    }
  }
  turns_.thread_ends();
  served_[session.index] = nullptr;
  finished_.push_back(std::move(seat.thread));
  if (ending_) return;
  turns_.bury(session);
  turns_.end_client_turn();  // its departure is for the others to hear
}

void ClientThreads::receive(std::unique_lock<TurnLock>& turn, Session& session, Seat& seat) {
  std::array<char, 512> passed_over;  // what a client still says while it is being closed
  std::span<char> room(passed_over);
  if (!session.lingering) {
    room = turns_.room_for_input(session);
    if (room.empty()) return;
  }
  const int socket = session.socket.get();
  seat.receiving = true;
  turn.unlock();
  const ssize_t got = os::receive(socket, room);
  turn.lock();
  seat.receiving = false;
  // What is passed over may hold a password, and the buffer is shared memory.
  if (got > 0 && (session.doomed || ending_ || session.lingering))
    ::explicit_bzero(room.data(), static_cast<std::size_t>(got));
  if (session.doomed || ending_) return;
  turns_.received(session, got);
  answer(turn, session, seat);
}

void ClientThreads::answer(std::unique_lock<TurnLock>& turn, Session& session, Seat& seat) {
  if (turns_.begin_own_send(session, seat.parts)) {
    const int socket = session.socket.get();
    turn.unlock();
    const ssize_t sent = send_parts(socket, seat.parts);
    turn.lock();
    turns_.end_own_send(session, seat.parts, sent);
  }
  turns_.end_client_turn();
}

void ClientThreads::wait(std::unique_lock<TurnLock>& turn, Session& session, Seat& seat) {
  seat.called.wait(turn, [&] { return session.doomed || ending_ || seat.resumed || may_receive(session); });
}

void ClientThreads::end_all() {
  std::vector<os::Thread> left;
  {
    const std::lock_guard turn(turn_lock_);
    ending_ = true;
    for (std::size_t index = 0; index < served_.size(); ++index) {
      if (served_[index] == nullptr) continue;
      ::shutdown(served_[index]->socket.get(), SHUT_RDWR);
      seats_[index].called.notify_one();
      left.push_back(std::move(seats_[index].thread));
    }
    left.insert(left.end(), std::make_move_iterator(finished_.begin()), std::make_move_iterator(finished_.end()));
    finished_.clear();
  }
  left.clear();  // joins
}

}  // namespace rookery::worker
