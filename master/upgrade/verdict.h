// master/upgrade/verdict.h
//
// What a program says at its rehearsal: "yes VERSION", or "no WHY" in words for the operator, then a "note TEXT" for
// each thing that will not be as its options ask. One line each, through a pipe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rookery::master {

struct RehearsalVerdict {
  bool yes = false;
  std::string version;
  std::string why;  // not; empty: it did not say
  std::vector<std::string> notes;
};

inline constexpr std::size_t kMaxVerdictBytes = 16 * 1024;

[[nodiscard]] std::string encode(const RehearsalVerdict& verdict);

// Of whatever bytes another program may say. What it says is made printable.
[[nodiscard]] RehearsalVerdict read_verdict(std::string_view text);

}  // namespace rookery::master
