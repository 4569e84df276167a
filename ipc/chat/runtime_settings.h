// ipc/chat/runtime_settings.h
//
// What the operator may change while the server runs, as the master tells it to every child (ControlKind::Settings),
// and what a child starts with. The bounds are those of the options (master/options/settings.cpp).
//
//     send({.kind = ControlKind::Settings, .text = encode(settings)});
//     if (const auto settings = decode_runtime_settings(message.text)) ...   // empty: nothing of it is believed
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ipc/log.h"

namespace rookery::chat {

inline constexpr std::uint32_t kMostClientsPerAddress = 60'000;  // the table of addresses counts in 16 bits
inline constexpr std::uint32_t kMostLinesPerSecond = 1'000'000;
inline constexpr std::uint32_t kMostRoomsPerAddress = 16'384;    // all there are
inline constexpr std::uint32_t kFewestQueuedBytes = 128 * 1024;  // the longest answer, and what else waits before it
inline constexpr std::uint32_t kMostQueuedBytes = 8 * 1024 * 1024;
inline constexpr std::chrono::seconds kLongestClientTime{24 * 24 * 3600};  // what os::CoarseMoment can tell

inline constexpr std::chrono::seconds kLongestHistory{std::int64_t{36'500} * 86'400};
inline constexpr std::uint64_t kMostHistoryBytes = std::uint64_t{1} << 50;
inline constexpr std::uint64_t kMostStoredPerAddress = kMostHistoryBytes;

// What one client may take. Zero switches a limit off where that makes sense.
struct ClientLimits {
  std::uint32_t clients_per_address = 64;  // over all workers; an IPv6 network of 64 bits counts as one address
  std::uint32_t lines_per_second = 100;    // of one client, with a burst of some seconds
  bool line_rate_on_loopback = false;      // somebody asked for a rate by number
  bool limit_loopback = false;             // what is counted by address holds for this machine's own clients too
  std::chrono::milliseconds login_grace{60'000};
  std::chrono::milliseconds idle{0};
  std::uint32_t queued_bytes = 512 * 1024;  // of its own output, while it does not read
  std::uint32_t rooms = 128;                // besides the lobby
  // As clients_per_address, of rooms that its clients made and that still exist.
  std::uint32_t rooms_per_address = 256;
  // What its messages may add to the store within an hour, in bytes; of one event loop.
  std::uint64_t stored_per_address = 64 * 1024 * 1024;

  friend bool operator==(const ClientLimits&, const ClientLimits&) = default;
};

struct RuntimeSettings {
  bool allow_guests = true;
  log::Level log_level = log::Level::Info;
  log::Format log_format = log::Format::Text;
  ClientLimits limits = {};
  // Which messages are kept; 0: no such limit.
  std::chrono::milliseconds history_age{0};
  std::uint64_t history_bytes = 0;
  bool registration_open = true;  // may clients make accounts themselves?

  friend bool operator==(const RuntimeSettings&, const RuntimeSettings&) = default;
};

[[nodiscard]] std::string encode(const RuntimeSettings& settings);
[[nodiscard]] std::optional<RuntimeSettings> decode_runtime_settings(std::string_view text) noexcept;

}  // namespace rookery::chat
