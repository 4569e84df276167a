// ipc/wire/timestamp.h
//
// Points in time as the protocol writes them: ISO 8601, UTC, with milliseconds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace rookery::wire {

inline constexpr std::size_t kTimestampBytes = 24;  // 2026-11-21T10:00:00.123Z

// `milliseconds` counts from 1970, UTC, and may be negative. What lies outside the years 0000 to 9999 is written as the
// nearest end of them, so that the width never changes. Asks no locale and no time zone, allocates nothing.
[[nodiscard]] std::array<char, kTimestampBytes> format_timestamp(std::int64_t milliseconds) noexcept;

inline void append_timestamp(std::string& out, std::int64_t milliseconds) {
  const auto characters = format_timestamp(milliseconds);
  out.append(characters.data(), characters.size());
}

}  // namespace rookery::wire
