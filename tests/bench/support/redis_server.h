// tests/bench/support/redis_server.h
//
// The machine's own redis-server, where one is installed, as a contestant: pub/sub on one channel, nothing kept on
// disk.
//
//     if (const auto program = installed_redis()) {
//       const RedisServer redis(*program);
//       Contestant contestant = redis.contestant(load, lines.message.size());
//     }
//
// The program is started on a free port of loopback with a directory of its own and ends with the object.
#pragma once

#include <optional>
#include <string>

#include "ipc/os/process.h"
#include "tests/bench/support/contest.h"

namespace rookery::bench {

// The redis-server in $PATH.
[[nodiscard]] std::optional<std::string> installed_redis();

class RedisServer final {
 public:
  // Returns when it serves. Throws std::runtime_error when it does not.
  RedisServer(const std::string& program, std::size_t clients);
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  // Readers subscribe, senders publish and hear nothing; a sender's window is closed by the reply to PUBLISH. What
  // arrives has as many bytes on the wire as a Rookery message of `message_bytes`, what RESP puts around it included.
  [[nodiscard]] Contestant contestant(const Load& load, std::size_t message_bytes) const;

 private:
  TemporaryDirectory directory_;
  std::uint16_t port_ = 0;
  os::Process process_;
};

}  // namespace rookery::bench
