// master/ctl/process_usage.h
//
// What a process has used so far, as /proc shows it to every user.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rookery::ctl {

struct ProcessUsage {
  std::chrono::duration<double> cpu{0};
  std::uint64_t resident_bytes = 0;
};

// Empty where there is no such process, or none that we may see.
[[nodiscard]] std::optional<ProcessUsage> usage_of(pid_t pid);

// Of the content of /proc/PID/stat; the name in it may hold blanks and brackets.
[[nodiscard]] std::optional<ProcessUsage> parse_stat(std::string_view stat, long ticks_a_second, long page_bytes);

}  // namespace rookery::ctl
