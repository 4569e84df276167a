// ipc/os/clock.h
//
// The two clocks: monotonic for every time-out and heartbeat, real time only for what people read.
#pragma once

#include <chrono>
#include <cstdint>

namespace rookery::os {

using Monotonic = std::chrono::steady_clock;

// Milliseconds since boot; the same clock in every process of the machine.
[[nodiscard]] inline std::int64_t monotonic_ms() noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Monotonic::now().time_since_epoch()).count();
}

// Since boot too, exact, for what one program leaves to its successor.
[[nodiscard]] inline std::int64_t to_ns(Monotonic::time_point moment) noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(moment.time_since_epoch()).count();
}
[[nodiscard]] inline Monotonic::time_point from_ns(std::int64_t ns) noexcept {
  return Monotonic::time_point(std::chrono::nanoseconds(ns));
}

// Milliseconds since 1970, UTC. May jump in either direction.
[[nodiscard]] inline std::int64_t realtime_ms() noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// A moment of the monotonic clock in four bytes, for what every connection has: milliseconds modulo 2^32, so an age is
// right if it is less than 24 days.
class CoarseMoment final {
 public:
  CoarseMoment() = default;
  explicit CoarseMoment(Monotonic::time_point moment) noexcept : ms_(ms_of(moment)) {}

  // Negative where it is later than `now`.
  [[nodiscard]] std::chrono::milliseconds age(Monotonic::time_point now) const noexcept {
    return std::chrono::milliseconds{static_cast<std::int32_t>(ms_of(now) - ms_)};
  }

 private:
  static std::uint32_t ms_of(Monotonic::time_point moment) noexcept {
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(moment.time_since_epoch()).count());
  }

  std::uint32_t ms_ = 0;
};

}  // namespace rookery::os
