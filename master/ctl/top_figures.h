// master/ctl/top_figures.h
//
// What `top` knows at one moment, and what became of it since the moment before: counters become rates.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "master/ctl/process_usage.h"

namespace rookery::ctl {

using Clock = std::chrono::steady_clock;

struct ProcessFigures {
  std::string process;  // master, ledger, worker
  std::optional<std::uint32_t> number{};
  std::optional<pid_t> pid{};
  std::string state{};
  std::optional<std::uint64_t> clients{};
  std::uint64_t restarts = 0;
  std::optional<std::uint64_t> heartbeat_ms{};
  std::string note{};
  std::optional<std::uint64_t> deliveries{};  // since it started
  std::optional<ProcessUsage> usage{};

  // Since the moment before; empty where it was not there then.
  std::optional<double> messages_per_s{};  // the ledger's
  std::optional<double> deliveries_per_s{};
  std::optional<double> cpu_percent{};  // of one core
};

struct ServerFigures {
  Clock::time_point when{};
  std::string version{};
  std::string address{};
  std::string data{};
  pid_t pid = 0;
  std::chrono::seconds uptime{0};
  std::uint64_t clients = 0;
  std::vector<std::pair<std::string, std::uint64_t>> dialects{};
  std::uint64_t held = 0;
  std::string epoch{};
  std::uint64_t seq = 0;
  std::optional<std::uint64_t> store_bytes{};
  std::optional<std::uint64_t> free_bytes{};
  double messages_per_s = 0;  // the server's own figures, over some seconds
  double deliveries_per_s = 0;
  std::vector<std::string> shut_out{};
  std::string trouble{};                    // why posting does not work; empty: it does
  std::vector<ProcessFigures> processes{};  // the master first
};

// Of the answer to `json status`; without usage and rates. Empty: it is none of ours.
[[nodiscard]] std::optional<ServerFigures> parse_status(std::string_view json, Clock::time_point when);

// Fills the rates in.
void compare(ServerFigures& now, const ServerFigures& before);

}  // namespace rookery::ctl
