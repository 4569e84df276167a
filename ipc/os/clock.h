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

// Milliseconds since 1970, UTC. May jump in either direction.
[[nodiscard]] inline std::int64_t realtime_ms() noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace rookery::os
