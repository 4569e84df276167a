// master/supervisor/rates.h
//
// How fast the server goes: messages and deliveries a second over the last seconds, from counters that are looked at
// with every check. The counters are other processes': whatever they say, a figure is wrong at the worst.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <vector>

#include "ipc/os/clock.h"
#include "master/console/status.h"

namespace rookery::master {

class Rates final {
 public:
  using TimePoint = os::Monotonic::time_point;
  static constexpr std::chrono::seconds kOver{5};

  // `newest_seq` goes on over deaths; the counters of `deliveries`, one for each place, begin at 0 with each life.
  void look(TimePoint now, std::uint64_t newest_seq, const std::vector<std::uint64_t>& deliveries);

  [[nodiscard]] ShownRates shown() const;

 private:
  struct Totals {
    TimePoint when;
    std::uint64_t messages;
    std::uint64_t deliveries;
  };

  std::deque<Totals> looks_;  // the first one is kOver ago, or as long as there are any
  std::uint64_t newest_seq_ = 0;
  std::vector<std::uint64_t> deliveries_;
};

}  // namespace rookery::master
