// tests/bench/support/process_figures.h
//
// What /proc says that processes have cost so far.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace rookery::bench {

// Processor time of all threads that the process has now, kernel time included. Exact to the nanosecond where the
// kernel keeps schedstats (unlike utime and stime in /proc/PID/stat, which count ticks). Throws when it has gone.
[[nodiscard]] std::uint64_t cpu_ns(pid_t pid);

// Proportional set size: its own memory and its part of what it shares.
[[nodiscard]] std::uint64_t pss_bytes(pid_t pid);

// The process and its children, not theirs.
[[nodiscard]] std::vector<pid_t> with_children(pid_t pid);

// Raises the soft limit on open files to the hard one and returns it.
std::uint64_t raise_descriptor_limit();

}  // namespace rookery::bench
