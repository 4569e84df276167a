// master/supervisor/restart_policy.h
//
// When a process that died may be started again: at once, then after 100, 200, 400 ... 5000 ms. A life of ten seconds
// forgives everything before it. Who dies five times within ten seconds is parked for half a minute and then gets one
// try: another death before the ten seconds are over parks it again at once.
//
// Knows no clock: every call says what time it is.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>

#include "ipc/os/clock.h"

namespace rookery::master {

using TimePoint = os::Monotonic::time_point;

inline constexpr std::chrono::milliseconds kFirstPause{100};
inline constexpr std::chrono::milliseconds kLongestPause{5000};
inline constexpr std::chrono::seconds kHealthyLife{10};
inline constexpr std::size_t kDeathsToPark = 5;
inline constexpr std::chrono::seconds kDeathsWithin{10};
inline constexpr std::chrono::seconds kParkedFor{30};

class RestartPolicy final {
 public:
  struct Decision {
    TimePoint due;  // not before
    bool parked = false;
  };

  // The process has ended, or could not even be forked. `lived` counts from the moment it was ready; zero if it never
  // was.
  [[nodiscard]] Decision died(TimePoint now, std::chrono::milliseconds lived);

 private:
  unsigned deaths_in_a_row_ = 0;  // since the last healthy life
  bool on_probation_ = false;     // was parked, and not healthy since
  std::deque<TimePoint> recent_deaths_;
};

}  // namespace rookery::master
