// master/options/duration.h
//
// A whole number and a unit, as options and the operator's commands have it: 90s, 15m, 12h, 30d.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace rookery::master {

struct Unit {
  char letter;
  std::uint64_t worth;
};
// The first unit may be left out. Empty: something else, or more than `highest`.
[[nodiscard]] std::optional<std::uint64_t> parse_with_unit(std::string_view value, std::span<const Unit> units,
                                                           std::uint64_t highest) noexcept;

inline constexpr std::string_view kDurationExamples = "90s, 15m, 12h, 30d, up to 36500d";
// Without a unit: seconds. Empty: none of kDurationExamples.
[[nodiscard]] std::optional<std::chrono::seconds> parse_duration(std::string_view value) noexcept;

}  // namespace rookery::master
