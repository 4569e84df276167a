// master/supervisor/restart_policy.h
//
// When a process that died may be started again. After a life that was of use, or of ten seconds: at once, or, where it
// died within a second of the death before, after 100 ms. After lives of no use, one after the other: at once, then
// after 100, 200, 400 ... 5000 ms; five of them within ten seconds park it for half a minute, then it gets one try, and
// if that is of no use either it is parked again at once.
//
// Who is killed from outside over and over while it serves is started over and over: what it does in between is worth
// more than the forks. Who cannot serve is not tried in a loop.
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
inline constexpr std::chrono::seconds kSoonAgain{1};  // since the death before, of a life that was of use
// The ledger, and a worker when no other serves, are tried again after this time at the latest.
inline constexpr std::chrono::seconds kLongestWithout{1};

class RestartPolicy final {
 public:
  struct Decision {
    TimePoint due;  // not before
    bool parked = false;
  };

  struct PastLife {
    std::chrono::milliseconds lived{0};  // from the moment it was ready; zero if it never was
    bool of_use = false;                 // it did something for somebody: a command, a record
  };

  // The process has ended, or could not even be forked.
  [[nodiscard]] Decision died(TimePoint now, const PastLife& life);

 private:
  unsigned deaths_in_a_row_ = 0;  // of lives of no use
  bool on_probation_ = false;     // was parked, and of no use since
  std::deque<TimePoint> recent_deaths_;
  TimePoint last_death_ = TimePoint::min();
};

}  // namespace rookery::master
