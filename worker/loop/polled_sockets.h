// worker/loop/polled_sockets.h
//
// Clients' sockets that the event loop itself waits for, by its epoll.
#pragma once

#include <sys/socket.h>

#include <cerrno>

#include "ipc/os/poller.h"
#include "worker/session/socket_watch.h"

namespace rookery::worker {

class PolledSockets final : public SocketWatch {
 public:
  explicit PolledSockets(os::Poller& poller) noexcept : poller_(poller) {}

  [[nodiscard]] int socket_flags() const noexcept override { return SOCK_NONBLOCK; }

  [[nodiscard]] int begin(Session& session) override {
    if (!poller_.add(session.socket.get(), EPOLLIN, session.token())) return errno;
    session.interest = EPOLLIN & 7;
    return 0;
  }

  [[nodiscard]] bool update(Session& session) override {
    const std::uint32_t wanted = (session.want_input ? EPOLLIN : 0U) | (session.blocked ? EPOLLOUT : 0U);
    if (wanted == session.interest) return true;
    if (!poller_.modify(session.socket.get(), wanted, session.token())) return false;
    session.interest = wanted & 7;
    return true;
  }

  [[nodiscard]] bool resume(Session&) override { return false; }

  [[nodiscard]] bool release(Session& session) override {
    poller_.remove(session.socket.get());  // before the close: a duplicate may live on elsewhere
    return true;
  }

 private:
  os::Poller& poller_;
};

}  // namespace rookery::worker
