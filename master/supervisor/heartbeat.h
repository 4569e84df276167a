// master/supervisor/heartbeat.h
//
// What the master concludes from the heartbeats in shared memory. Children write them, so any value may stand there: a
// heartbeat from the future, or from before the process was started, counts as none.
//
// A loop beats at least every 500 ms. One that has not for five seconds hangs or was stopped.
#pragma once

#include <chrono>
#include <cstdint>

namespace rookery::master {

inline constexpr std::chrono::milliseconds kHeartbeatCheck{500};
inline constexpr std::chrono::milliseconds kHeartbeatAbort{5000};   // then it is asked for a core dump
inline constexpr std::chrono::milliseconds kHeartbeatKill{7000};    // and then not asked
inline constexpr std::chrono::milliseconds kHeartbeatGrace{10000};  // after the fork
inline constexpr std::chrono::milliseconds kLateCheck{2000};

enum class Verdict : unsigned char { Alive, Abort, Kill };

// All times in milliseconds of os::monotonic_ms(). The age of a heartbeat that counts as none is the process's own.
[[nodiscard]] std::chrono::milliseconds heartbeat_age(std::int64_t heartbeat_ms, std::int64_t started_ms,
                                                      std::int64_t now_ms) noexcept;

[[nodiscard]] Verdict judge_heartbeat(std::chrono::milliseconds age, std::int64_t started_ms,
                                      std::int64_t now_ms) noexcept;

// Tells whether heartbeats may be judged now. When the master itself was stopped or starved, so perhaps was everybody
// (a suspended machine): after a check that came late nobody is judged for as long as a heartbeat may take.
class CheckTimer final {
 public:
  explicit CheckTimer(std::int64_t now_ms) noexcept : last_check_ms_(now_ms) {}

  // Once for each check.
  [[nodiscard]] bool may_judge(std::int64_t now_ms) noexcept;

 private:
  std::int64_t last_check_ms_;
  std::int64_t not_before_ms_ = 0;
};

}  // namespace rookery::master
