// docs/labs/echo_models.h
//
// Four servers that say back what they hear, and differ only in who talks with which client: the code to compare, side
// by side in echo_models.cpp. As Rookery does, they answer the line "hello" with "Echo: hello".
//
//     const EchoServer server(*find_echo_model("pool"), 4, 0);
//     ... connect to 127.0.0.1, port server.port() ...
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ipc/os/process.h"

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

// One of them at work, in a process of its own; killed by the destructor.
class EchoServer final {
 public:
  // On 127.0.0.1; port 0 takes a free one. Whoever connects from now on is served, or waits. Throws std::system_error.
  EchoServer(const EchoModel& model, unsigned hands, std::uint16_t port);
  ~EchoServer();
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] int pidfd() const noexcept { return process_.pidfd(); }

 private:
  os::Process process_;
  std::uint16_t port_ = 0;
};

}  // namespace rookery::labs
