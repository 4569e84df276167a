// docs/labs/echo_models.h
//
// Four servers that say back what they hear, and differ only in who talks with which client: the code to compare, side
// by side in echo_models.cpp. As Rookery does, they answer the line "hello" with "Echo: hello".
//
//     const os::FileDescriptor listener = listen_on_loopback(0);
//     os::Process server = start_child([&] { model->serve(listener.get(), 4); return 0; });
//     ... connect to port_of(listener) ...
//     server.signal(SIGTERM);     // they serve until they are killed
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ipc/os/file_descriptor.h"

namespace rookery::labs {

struct EchoModel {
  std::string_view name;   // what people type
  std::string_view title;  // for the table
  // Serves for ever. `hands` is how many threads or processes the model may have, where it has a number. Throws
  // std::system_error when there are no connections to be had. REQUIRES: a process of its own, of a single thread.
  void (*serve)(int listener, unsigned hands);
};

[[nodiscard]] std::span<const EchoModel> echo_models() noexcept;

// nullptr if there is none of this name.
[[nodiscard]] const EchoModel* find_echo_model(std::string_view name) noexcept;

// On 127.0.0.1; port 0 takes a free one. Throws std::system_error.
[[nodiscard]] os::FileDescriptor listen_on_loopback(std::uint16_t port);
[[nodiscard]] std::uint16_t port_of(const os::FileDescriptor& listener);

}  // namespace rookery::labs
