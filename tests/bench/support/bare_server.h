// tests/bench/support/bare_server.h
//
// What a server with nothing behind it costs, to compare with: no accounts, rooms, order, memory or durability. An
// epoll loop but for the last kind. The first line of each connection is its ping and is answered alike by all kinds
// that fan out.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "ipc/os/process.h"

namespace rookery::bench {

enum class BareKind : unsigned char {
  SendEach,     // each message is sent to each connection at once: one send per message and socket
  Batched,      // what has come in one turn of the loop is sent to each connection by one send
  Echo,         // each line goes back with "Echo: " before it, one send for what one read brought
  EchoThreads,  // the same by a thread for each client, which blocks
};

class BareServer final {
 public:
  // A message from anybody makes it send `message` to everybody, then `answer` to the sender; both with their line
  // ends. The process ends with the object.
  BareServer(BareKind kind, std::string message, std::string answer);
  ~BareServer();
  BareServer(const BareServer&) = delete;
  BareServer& operator=(const BareServer&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] pid_t pid() const noexcept { return process_.pid(); }

 private:
  std::uint16_t port_ = 0;
  os::Process process_;
};

}  // namespace rookery::bench
