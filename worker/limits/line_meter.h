// worker/limits/line_meter.h
//
// How fast a client's lines come: a token bucket in one word. It is full at first and after a rest of
// kLineBurstSeconds, holds that many seconds' worth of lines, and fills evenly.
#pragma once

#include <algorithm>
#include <chrono>

#include "ipc/os/clock.h"
#include "worker/worker_process.h"

namespace rookery::worker {

class LineMeter final {
 public:
  // False: one line too many, and it is not counted, so a client that goes on too fast is still served at its rate.
  // REQUIRES: lines_per_second > 0. It may change between calls: what was paid is paid.
  [[nodiscard]] bool take(os::Monotonic::time_point now, std::uint32_t lines_per_second) noexcept {
    constexpr std::chrono::nanoseconds kSecond = std::chrono::seconds{1};
    const std::chrono::nanoseconds one_line = kSecond / lines_per_second;
    const auto paid_until = std::max(paid_until_, now) + one_line;
    if (paid_until - now > kSecond * kLineBurstSeconds) return false;
    paid_until_ = paid_until;
    return true;
  }

 private:
  os::Monotonic::time_point paid_until_{};  // now: the bucket is full; kLineBurstSeconds later: it is empty
};

}  // namespace rookery::worker
