// ipc/shm/folded_name.h
//
// How names are compared: without regard to the case of A-Z; other bytes as they are.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace rookery::shm {

[[nodiscard]] constexpr char folded(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// The name with A-Z as a-z: two names are one if this is equal.
[[nodiscard]] inline std::string folded(std::string_view name) {
  std::string result(name);
  std::ranges::transform(result, result.begin(), [](char c) { return folded(c); });
  return result;
}

[[nodiscard]] inline bool same_name(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, [](char x, char y) { return folded(x) == folded(y); });
}

}  // namespace rookery::shm
