// tests/ipc/os/waiting.h
//
// How the tests between processes wait: for a condition, with a deadline that only a broken program reaches.
#pragma once

#include <poll.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <thread>

#include "ipc/os/process.h"

namespace rookery::testing {

inline constexpr std::chrono::seconds kDeadline{60};

template <class Condition>
bool true_in_time(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  for (unsigned turn = 1; !condition(); ++turn) {
    if (std::chrono::steady_clock::now() > end) return false;
    if (turn % 64 == 0) std::this_thread::yield();  // on a busy machine each time costs a slice of the others
  }
  return true;
}

// False when nothing came until the deadline.
inline bool readable_in_time(int descriptor) {
  pollfd entry{descriptor, POLLIN, 0};
  int result;
  do {
    result = ::poll(&entry, 1, static_cast<int>(std::chrono::milliseconds(kDeadline).count()));
  } while (result < 0 && errno == EINTR);
  return result == 1;
}

// Waits for the end of a child; one that does not end in time is killed and reported as empty.
inline std::optional<os::ExitStatus> end_in_time(os::Process& child) {
  if (readable_in_time(child.pidfd())) return child.try_wait();
  child.signal(SIGKILL);
  (void)readable_in_time(child.pidfd());
  (void)child.try_wait();
  return std::nullopt;
}

inline bool killed_in_time(os::Process& child) {
  child.signal(SIGKILL);
  const auto status = end_in_time(child);
  return status && status->signalled && status->value == SIGKILL;
}

// How often a test kills a process at a random moment: `rounds`, and a quarter of it under a sanitizer. A fork copies
// the sanitizer's own tables there, which is what these tests then spend their time on; what a kill leaves in shared
// memory is the same.
constexpr int kill_rounds(int rounds) {
#if defined(ROOKERY_SANITIZED)
  return rounds / 4;
#else
  return rounds;
#endif
}

// Keeps the caller busy for `count` turns, to hit another process at another point each time.
inline void spin(std::uint64_t count) {
  volatile std::uint64_t turns = 0;
  while (turns < count) turns = turns + 1;
}

}  // namespace rookery::testing
