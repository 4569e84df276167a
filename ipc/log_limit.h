// ipc/log_limit.h
//
// How many lines of one sort a process may write: a token bucket that counts what it refuses. For ipc/log.cpp; not
// safe for several threads by itself.
//
//     if (limit.admit(now)) write(...);
//     if (const auto number = limit.take_left_out(now, false)) write("{} lines were left out", number);
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "ipc/os/clock.h"

namespace rookery::log {

inline constexpr std::uint32_t kLinesPerSecond = 20;  // of one sort, in each process
inline constexpr std::uint32_t kLineBurst = 200;

class Limit final {
 public:
  using TimePoint = os::Monotonic::time_point;

  [[nodiscard]] bool admit(TimePoint now) noexcept {
    constexpr std::chrono::nanoseconds kOneLine = std::chrono::nanoseconds{std::chrono::seconds{1}} / kLinesPerSecond;
    const TimePoint paid_until = std::max(paid_until_, now) + kOneLine;
    if (paid_until - now > kOneLine * kLineBurst) {
      ++left_out_;
      return false;
    }
    paid_until_ = paid_until;
    return true;
  }

  // What was left out since it was told last; once a second at most, unless it is the end. 0: nothing to tell.
  [[nodiscard]] std::uint64_t take_left_out(TimePoint now, bool at_the_end) noexcept {
    if (left_out_ == 0 || (!at_the_end && now - told_ < std::chrono::seconds{1})) return 0;
    told_ = now;
    return std::exchange(left_out_, 0);
  }

 private:
  TimePoint paid_until_{};  // now: the bucket is full
  TimePoint told_{};
  std::uint64_t left_out_ = 0;
};

}  // namespace rookery::log
