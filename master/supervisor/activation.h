// master/supervisor/activation.h
//
// Socket activation: the listening socket that systemd has bound and keeps while we are away (sd_listen_fds(3)), so
// that who connects meanwhile waits in its queue and is not refused.
#pragma once

#include <optional>

#include "master/supervisor/listener.h"

namespace rookery::master {

// Empty where none was passed to this process. Takes LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES out of the environment:
// the numbers mean nothing to whoever comes after us. Throws StartError, 78, where it is not one listening TCP socket.
[[nodiscard]] std::optional<Listener> activated_listener();

}  // namespace rookery::master
