#include "master/options/duration.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "ipc/chat/runtime_settings.h"

namespace rookery::master {

std::optional<std::uint64_t> parse_with_unit(std::string_view value, std::span<const Unit> units,
                                             std::uint64_t highest) noexcept {
  std::uint64_t number = 0;
  std::uint64_t worth = units.front().worth;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  const std::string_view rest = value.substr(static_cast<std::size_t>(end - value.data()));
  if (error != std::errc{} || rest.size() > 1) return std::nullopt;
  if (!rest.empty()) {
    const auto found = std::ranges::find(units, rest.front(), &Unit::letter);
    if (found == units.end()) return std::nullopt;
    worth = found->worth;
  }
  if (number > highest / worth) return std::nullopt;
  return number * worth;
}

std::optional<std::chrono::seconds> parse_duration(std::string_view value) noexcept {
  static constexpr std::array<Unit, 4> kUnits{{{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86'400}}};
  constexpr auto kMost = static_cast<std::uint64_t>(chat::kLongestHistory.count());
  const auto number = parse_with_unit(value, kUnits, kMost);
  if (!number) return std::nullopt;
  return std::chrono::seconds{*number};
}

}  // namespace rookery::master
