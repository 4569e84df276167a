// master/options/nearest.h
//
// Finds what somebody probably meant who mistyped a word.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rookery::master {

// The candidate that needs the fewest changes (a letter more, less, other, or swapped with its neighbour; case does not
// count), or else the only one that starts with `word`. None if all are too different for a sensible guess.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace rookery::master
