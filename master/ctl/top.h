// master/ctl/top.h
//
// `rookery-ctl top`: the server's figures, refreshed. At a terminal a screen with keys, elsewhere one picture after the
// other. While no server answers it says so and waits.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "master/ctl/ask.h"

namespace rookery::ctl {

struct TopOptions {
  std::chrono::milliseconds interval{2000};
  unsigned refreshes = 0;  // then it ends; 0: never by itself
};

inline constexpr std::chrono::milliseconds kShortestInterval{100};
inline constexpr std::chrono::milliseconds kLongestInterval{3'600'000};

// The words after `top`. Throws std::invalid_argument with what is wrong with them.
[[nodiscard]] TopOptions parse_top_options(const std::vector<std::string>& words);

// The exit code: 0; 1 where the server refuses, 69 where at last nobody answered, 70 where the terminal is of no use.
[[nodiscard]] int run_top(const Server& server, const TopOptions& options);

}  // namespace rookery::ctl
