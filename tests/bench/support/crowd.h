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

  // More of them, behind those that are there; `ping` is answered by `lines` lines.
  void enter(std::uint16_t port, std::size_t clients, const std::string& ping, std::size_t lines = 1);

  [[nodiscard]] std::size_t size() const noexcept { return sockets_.size(); }

  // A few lines; the caller bounds what is outstanding, so a full socket is an error and throws.
  void send(std::size_t client, std::string_view bytes);

  // Waits for at most `patience`, then one read for each client that has something. False: nothing came.
  bool turn(std::chrono::nanoseconds patience, const OnBytes& on_bytes);

  // TCP segments with data that the client has received. On loopback one holds some 64 KiB, and with TCP_NODELAY what
  // the server gives the kernel leaves at once: so this counts the server's writes, as long as the client keeps up.
  [[nodiscard]] std::uint64_t segments(std::size_t client) const;

 private:
  void enter_some(std::uint16_t port, std::size_t clients, const std::string& ping, std::size_t lines);

  os::Poller poller_;
  std::vector<os::FileDescriptor> sockets_;
  std::vector<char> buffer_;
};

}  // namespace rookery::bench
