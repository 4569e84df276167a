// docs/labs/echo_socket.h
//
// TCP on this machine, for the servers and the clients of the lab echo-servers.
//
//     const os::FileDescriptor listener = listen_on_loopback(0);             // a server
//     const os::FileDescriptor client = accept_client(listener.get());
//     const os::FileDescriptor socket = connect_to(port_of(listener));       // its client
//
// All of them block, and throw std::system_error where not said otherwise.
#pragma once

#include <cstdint>
#include <string_view>

#include "ipc/os/file_descriptor.h"

namespace rookery::labs {

// On 127.0.0.1; port 0 takes a free one.
[[nodiscard]] os::FileDescriptor listen_on_loopback(std::uint16_t port);
[[nodiscard]] std::uint16_t port_of(const os::FileDescriptor& listener);

// The next client. One that is gone again before its turn is left out.
[[nodiscard]] os::FileDescriptor accept_client(int listener);

// Receiving from it ends after a minute without a byte: by far longer than any answer should take.
[[nodiscard]] os::FileDescriptor connect_to(std::uint16_t port);

// False: the other side is gone. Does not throw.
[[nodiscard]] bool send_all(int socket, std::string_view bytes) noexcept;

}  // namespace rookery::labs
