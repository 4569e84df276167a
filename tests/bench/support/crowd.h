// tests/bench/support/crowd.h
//
// Many clients of one server in one event loop. They do not log in: each sends one ping, so that its dialect is chosen,
// and is there once its answer has come.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/os/file_descriptor.h"
#include "ipc/os/poller.h"

namespace rookery::bench {

class Crowd final {
 public:
  using OnBytes = std::function<void(std::size_t client, std::string_view bytes)>;

  // Throws std::runtime_error when one of them gets no answer.
  Crowd(std::uint16_t port, std::size_t clients, const std::string& ping);

  [[nodiscard]] std::size_t size() const noexcept { return sockets_.size(); }

  // A few lines; the caller bounds what is outstanding, so a full socket is an error and throws.
  void send(std::size_t client, std::string_view bytes);

  // Waits for at most `patience`, then one read for each client that has something. False: nothing came.
  bool turn(std::chrono::milliseconds patience, const OnBytes& on_bytes);

 private:
  void enter(std::uint16_t port, std::size_t clients, const std::string& ping);

  os::Poller poller_;
  std::vector<os::FileDescriptor> sockets_;
  std::vector<char> buffer_;
};

}  // namespace rookery::bench
