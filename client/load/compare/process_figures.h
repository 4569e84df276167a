// client/load/compare/process_figures.h
//
// What /proc and the kernel's clocks say that processes have cost: processor time, context switches, memory.
//
//     CostMeter meter(with_children(master));
//     meter.begin();
//     ... work ...
//     const Costs costs = meter.end();
//
// How exact  The sum of processor time is the process's own clock, to the nanosecond, threads that have ended included.
//            How it divides into user and system is known in ticks of 10 ms only (/proc/PID/stat), which the kernel
//            fits to the sum over the process's whole life. So the sum is divided in the proportion of the ticks:
//            fair after some seconds of work, rough after half a second.
//            Context switches are kept by thread and go with it: of a thread that has ended, what the last look saw
//            counts; look() in between makes less of them go unseen. No count ever goes backwards.
//            To read them takes some milliseconds with a thousand threads. So clocks are read first, and each has a
//            time of its own over which it was measured: divide by that.
//
// All functions throw std::runtime_error when a process has ended.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "ipc/os/clock.h"

namespace rookery::load {

// Processor time of all threads that the process has or had, kernel time included.
[[nodiscard]] std::uint64_t cpu_ns(pid_t pid);

// Proportional set size: its own memory and its part of what it shares.
[[nodiscard]] std::uint64_t pss_bytes(pid_t pid);
[[nodiscard]] std::uint64_t pss_bytes(std::span<const pid_t> pids);

// What the kernel needs to know where its memory is, which is in no set size.
[[nodiscard]] std::uint64_t page_tables_bytes(pid_t pid);
[[nodiscard]] std::uint64_t page_tables_bytes(std::span<const pid_t> pids);

// The process and its children, not theirs.
[[nodiscard]] std::vector<pid_t> with_children(pid_t pid);

// Raises the soft limit on open files to the hard one and returns it.
std::uint64_t raise_descriptor_limit();

struct Costs {
  std::uint64_t cpu_ns = 0;
  std::uint64_t user_ns = 0;  // user_ns + system_ns == cpu_ns
  std::uint64_t system_ns = 0;
  std::uint64_t voluntary = 0;    // context switches: it waited for something
  std::uint64_t involuntary = 0;  // somebody else had his turn
  double seconds = 0;             // over which the processor time was measured
  double switch_seconds = 0;      // and the switches
};

class CostMeter final {
 public:
  explicit CostMeter(std::vector<pid_t> pids) : pids_(std::move(pids)) {}

  void begin();
  void look();
  // Since begin().
  [[nodiscard]] Costs end();

 private:
  struct Switches {
    std::uint64_t voluntary = 0;
    std::uint64_t involuntary = 0;
  };
  struct Clocks {
    os::Monotonic::time_point moment;
    std::uint64_t cpu_ns = 0;
    std::uint64_t user_ticks = 0;
    std::uint64_t system_ticks = 0;
  };
  [[nodiscard]] Clocks read_clocks() const;
  [[nodiscard]] std::map<pid_t, Switches> read_switches() const;

  std::vector<pid_t> pids_;
  Clocks begun_;
  std::map<pid_t, Switches> last_;  // of each thread that is there
  Switches sum_;
  os::Monotonic::time_point switches_begun_;
};

}  // namespace rookery::load
