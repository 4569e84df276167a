// worker/session/socket_watch.h
//
// Who waits for the clients' sockets: the event loop's epoll (worker/loop/polled_sockets.h), or a thread for each
// client (worker/loop/client_threads.h). The only place where the two models differ; sessions, commands, dialects and
// delivery are the same for both.
//
// Called by the loop and what belongs to it, under the loop's lock where there is one.
#pragma once

#include <cstdint>

#include "worker/session/session.h"

namespace rookery::worker {

class SocketWatch {
 public:
  SocketWatch() = default;
  virtual ~SocketWatch() = default;
  SocketWatch(const SocketWatch&) = delete;
  SocketWatch& operator=(const SocketWatch&) = delete;

  // For accept4().
  [[nodiscard]] virtual int socket_flags() const noexcept = 0;

  // A new session: from now on its input is waited for. 0, or the error number.
  [[nodiscard]] virtual int begin(Session& session) = 0;

  // What it waits for has changed: session.want_input, session.blocked. False with errno.
  [[nodiscard]] virtual bool update(Session& session) = 0;

  // Its input may be looked at again. True: it is seen to. False: the caller is to do it now.
  [[nodiscard]] virtual bool resume(Session& session) = 0;

  // It is doomed. True: nobody waits for its socket any more, the caller buries it. False: it will be buried by the one
  // who does.
  [[nodiscard]] virtual bool release(Session& session) = 0;
};

}  // namespace rookery::worker
