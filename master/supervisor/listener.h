// master/supervisor/listener.h
//
// The listening socket that all workers share. The master binds it, hands it down and never accepts.
#pragma once

#include <cstdint>
#include <string>

#include "ipc/os/file_descriptor.h"

namespace rookery::master {

struct Listener {
  os::FileDescriptor socket;
  std::string host;  // the address it is bound to, in numbers
  std::uint16_t port = 0;
};

// Bound and listening, non-blocking. Throws StartError: 69 when the port is taken, 78 when host or port cannot be had.
[[nodiscard]] Listener listen_on(const std::string& host, std::uint16_t port, int backlog);

// Bound and listening before, by somebody else. Throws StartError, 70.
[[nodiscard]] Listener adopted_listener(os::FileDescriptor socket);

// Bound and listening before, by another program in this process. Keeps the socket whatever happens.
[[nodiscard]] Listener inherited_listener(os::FileDescriptor socket) noexcept;

}  // namespace rookery::master
