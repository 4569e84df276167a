// client/load/engine/conductor.h
//
// What the threads of a run agree on: when all clients are there and it begins, or that it cannot begin.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ipc/os/clock.h"
#include "ipc/os/file_descriptor.h"

namespace rookery::load {

class Conductor final {
 public:
  using Moment = os::Monotonic::time_point;

  explicit Conductor(std::uint32_t threads);  // throws std::system_error

  // Readable when somebody woke all; the thread reads it empty.
  [[nodiscard]] int wake_descriptor(std::uint32_t thread) const noexcept { return wakes_[thread].get(); }
  void quiet(std::uint32_t thread) noexcept;
  void wake_all() noexcept;

  // All clients of a thread are prepared. When it is the last thread the run begins.
  void thread_is_ready() noexcept;
  [[nodiscard]] std::optional<Moment> begin() const noexcept;
  // A thread has done its part or given up.
  void thread_has_ended() noexcept;

  // The run cannot begin, or nobody wants it any more: all threads end as soon as they see it. The first reason counts.
  void fail(std::string why);
  [[nodiscard]] bool failed() const noexcept { return failed_.load(std::memory_order_acquire); }
  [[nodiscard]] std::string why() const;

  // For the thread that watches: until something above happened, `moment` at most. True when all threads have ended.
  bool wait_until(Moment moment);

 private:
  std::vector<os::FileDescriptor> wakes_;
  std::uint32_t threads_;
  std::atomic<std::uint32_t> ready_{0};
  std::atomic<std::int64_t> begin_ns_{0};  // of the monotonic clock; 0: not yet
  std::atomic<bool> failed_{false};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint32_t ended_ = 0;
  std::string why_;
};

}  // namespace rookery::load
