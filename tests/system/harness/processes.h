// tests/system/harness/processes.h
//
// What /proc says about processes: who is there, what they map, what they hold open.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace rookery::system_test {

struct Process {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t group = 0;
  char state = '?';  // as in /proc/PID/stat: R, S, D, T, Z ...
};

[[nodiscard]] std::vector<Process> processes_in_group(pid_t group);
[[nodiscard]] std::vector<Process> children_of(pid_t parent);
[[nodiscard]] bool is_alive(pid_t pid);  // there, and no zombie

// SIGSTOP, and returns once it has taken effect.
void freeze(pid_t pid);

// Reaps the ended children of ours in that group that nobody else waits for: orphans we have adopted.
void reap_adopted(pid_t group);

[[nodiscard]] std::size_t descriptor_count(pid_t pid);

// Shared memory is told by the name of its memfd.
struct MappedRegion {
  std::string name;
  bool writable = false;
};
[[nodiscard]] std::vector<MappedRegion> mapped_regions(pid_t pid);
struct OpenRegion {
  int descriptor = -1;
  std::string name;
  bool writable = false;
};
[[nodiscard]] std::vector<OpenRegion> open_regions(pid_t pid);
[[nodiscard]] bool maps_anything_under(pid_t pid, const std::string& directory);

// Proportional set size: its own memory and its part of what it shares.
[[nodiscard]] std::uint64_t memory_bytes(pid_t pid);

}  // namespace rookery::system_test
