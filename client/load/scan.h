// client/load/scan.h
//
// Reads a line of text from its front: each function takes what it knows off `rest`, or leaves it as it is and returns
// false.
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace rookery::load {

[[nodiscard]] inline bool skip(std::string_view& rest, std::string_view prefix) noexcept {
  if (!rest.starts_with(prefix)) return false;
  rest.remove_prefix(prefix.size());
  return true;
}

[[nodiscard]] inline bool take_number(std::string_view& rest, std::uint64_t& number) noexcept {
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error != std::errc()) return false;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  return true;
}

}  // namespace rookery::load
