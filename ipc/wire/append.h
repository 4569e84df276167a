// ipc/wire/append.h
//
// Numbers at the end of a string, without a locale and without a detour over streams.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

namespace rookery::wire {

inline void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;  // of 2^64 - 1
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

// With three decimals. JSON has no infinities and no NaN: those, and what no clock measures, become the nearest end of
// 0 to 1e12.
inline void append_milliseconds(std::string& out, double milliseconds) {
  const double measured = std::isnan(milliseconds) ? 0.0 : std::clamp(milliseconds, 0.0, 1e12);
  std::array<char, 32> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), measured, std::chars_format::fixed, 3).ptr;
  out.append(digits.data(), end);
}

// append_all(out, "OK joined ", room, ", ", 12u, " members\n")
inline void append_part(std::string& out, std::string_view part) {
  out.append(part);
}
inline void append_part(std::string& out, std::uint64_t part) {
  append_number(out, part);
}

template <typename... Parts>
void append_all(std::string& out, const Parts&... parts) {
  (append_part(out, parts), ...);
}

}  // namespace rookery::wire
