// tests/worker/pool/waiting.h
//
// How the tests of the pool wait: for a condition, with a deadline that only a broken pool reaches.
#pragma once

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <future>
#include <string>
#include <thread>

namespace rookery::worker {

inline constexpr std::chrono::seconds kDeadline{30};

template <class R>
bool ready_in_time(const std::future<R>& future) {
  return future.wait_for(kDeadline) == std::future_status::ready;
}

template <class Condition>
bool true_in_time(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return true;
}

// A thread whose caller can see that it sleeps in the kernel, as one does that waits on a condition variable.
class WatchedThread final {
 public:
  template <class F>
  explicit WatchedThread(F body)
      : thread_([this, body = std::move(body)]() mutable {
          tid_.store(::gettid());
          body();
          ended_.store(true);
        }) {}

  // REQUIRES: nothing else in the body makes it sleep for long.
  bool asleep_in_time() const {
    return true_in_time([this] { return tid_.load() != 0 && state() == 'S'; });
  }

  bool ended_in_time() const {
    return true_in_time([this] { return ended_.load(); });
  }

  bool ended() const { return ended_.load(); }

 private:
  // The letter behind the name in /proc/self/task/TID/stat; see proc_pid_stat(5).
  char state() const {
    std::ifstream file("/proc/self/task/" + std::to_string(tid_.load()) + "/stat");
    std::string line;
    std::getline(file, line);
    const std::size_t name_end = line.rfind(')');
    return name_end == std::string::npos || name_end + 2 >= line.size() ? '?' : line[name_end + 2];
  }

  std::atomic<pid_t> tid_ = 0;
  std::atomic<bool> ended_ = false;
  std::jthread thread_;
};

}  // namespace rookery::worker
