// master/console/status.h
//
// How the server is, for one screen: what `status` shows and `rookery-ctl top` refreshes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "master/console/rows.h"

namespace rookery::master {

// Over the last seconds.
struct ShownRates {
  std::chrono::milliseconds over{0};  // 0: nothing is known yet
  double messages = 0;                // a second, put into the order
  double deliveries = 0;              // a second, put into sockets
};

struct ServerStatus {
  std::string version{};
  int pid = 0;
  std::chrono::seconds uptime{0};
  std::string host{};
  std::uint16_t port = 0;
  std::string data{};
  std::string_view model{};
  std::uint32_t workers = 0;      // that are wanted
  std::uint32_t max_workers = 0;  // as many as there are places for
  std::uint32_t loops = 0;        // of each

  std::uint64_t clients = 0;
  std::vector<std::pair<std::string_view, std::uint64_t>> dialects{};  // how many clients speak each
  std::uint64_t held = 0;                                              // connections that outlive their worker
  std::vector<ProcessRow> processes{};
  std::vector<ShutOutRow> shut_out{};
  std::uint64_t bans = 0;
  bool registration_open = false;
  bool guests_allowed = false;
  ShownRates rates{};

  std::string epoch{};
  std::uint64_t newest_seq = 0;
  std::optional<std::uint64_t> store_bytes{};  // empty: nobody could say
  std::optional<std::uint64_t> free_bytes{};   // where the store is

  std::string trouble{};  // why what is said now would not be stored at once; empty: it would
};

// Ends in "OK posting works" or "OK posting does not work: WHY".
[[nodiscard]] std::string report_status(const ServerStatus& status);

}  // namespace rookery::master
