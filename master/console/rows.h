// master/console/rows.h
//
// What the console shows of clients and processes. Texts are safe to print.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::master {

struct ClientRow {
  std::uint64_t client = 0;
  std::string name{};
  std::string address{};
  std::string_view dialect{};
  std::uint32_t worker = 0;
  std::int64_t since_ms = 0;  // since 1970
  std::uint64_t messages = 0;
};

struct ProcessRow {
  std::optional<std::uint32_t> worker{};  // empty: the ledger
  std::optional<int> pid{};               // empty: not running, and so the next two
  std::string_view state{};
  std::chrono::seconds age{0};
  std::chrono::milliseconds heartbeat_age{0};
  std::uint32_t restarts = 0;
  std::uint64_t clients = 0;             // a worker's
  std::uint64_t outbox_depth_words = 0;  // a worker's
  std::uint64_t deliveries = 0;          // a worker's, since it started
  std::string note{};                    // why it is not there, what the operator must know; usually empty
};

// A network whose requests crashed workers, and for how long yet it is not served.
struct ShutOutRow {
  std::string network{};
  std::chrono::seconds left{0};
};

}  // namespace rookery::master
