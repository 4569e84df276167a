#include "master/supervisor/restart_policy.h"

#include <algorithm>

namespace rookery::master {

namespace {

std::chrono::milliseconds pause_before(unsigned try_number) noexcept {
  if (try_number <= 1) return std::chrono::milliseconds{0};
  constexpr unsigned kMostDoublings = 16;  // far beyond the longest pause, far below an overflow
  return std::min(kLongestPause, kFirstPause * (1U << std::min(try_number - 2, kMostDoublings)));
}

}  // namespace

RestartPolicy::Decision RestartPolicy::died(TimePoint now, const PastLife& life) {
  const bool soon_again = last_death_ != TimePoint::min() && now - last_death_ < kSoonAgain;
  last_death_ = now;
  if (life.of_use || life.lived >= kHealthyLife) {
    deaths_in_a_row_ = 0;
    on_probation_ = false;
    recent_deaths_.clear();
    return {soon_again ? now + kFirstPause : now, false};
  }
  ++deaths_in_a_row_;
  recent_deaths_.push_back(now);
  while (now - recent_deaths_.front() > kDeathsWithin) recent_deaths_.pop_front();

  if (on_probation_ || recent_deaths_.size() >= kDeathsToPark) {
    on_probation_ = true;
    recent_deaths_.clear();
    return {now + kParkedFor, true};
  }
  return {now + pause_before(deaths_in_a_row_), false};
}

}  // namespace rookery::master
