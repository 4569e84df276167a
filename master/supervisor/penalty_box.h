// master/supervisor/penalty_box.h
//
// Whose requests crash workers. An address at whose line a worker was when it crashed is a suspect; after the second
// crash within a minute it is shut out for a minute and a half. Who is at it again within ten minutes of coming back is
// shut out at the first crash.
//
// Addresses come from memory that workers write. A worker that runs wild can so accuse anybody, once for each of its
// own deaths: two of them are a short absence for somebody, and no more.
//
// Knows no clock: every call says what time it is. Keeps at most kMostSuspects addresses, the newest.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <list>
#include <vector>

#include "ipc/chat/source_address.h"
#include "ipc/os/clock.h"

namespace rookery::master {

inline constexpr std::size_t kCrashesToShutOut = 2;
inline constexpr std::chrono::seconds kCrashesWithin{60};
inline constexpr std::chrono::seconds kShutOutFor{90};
inline constexpr std::chrono::seconds kOnProbationFor{600};
inline constexpr std::size_t kMostSuspects = 1024;

class PenaltyBox final {
 public:
  using TimePoint = os::Monotonic::time_point;

  // A worker has crashed at a line of that address. True: its network is shut out from now on. Of crashes while it is
  // shut out (another worker was at its line too) nothing is made.
  [[nodiscard]] bool accuse(const chat::SourceAddress& source, TimePoint now);

  struct Penalty {
    chat::SourceAddress network;
    TimePoint until;
  };
  // Those in force, the longest first.
  [[nodiscard]] std::vector<Penalty> in_force(TimePoint now) const;

  // What a successor must know: who is shut out, and who has been. Single crashes are forgotten.
  struct Record {
    chat::SourceAddress network;
    TimePoint until;
    bool on_probation = false;
  };
  [[nodiscard]] std::vector<Record> records() const;
  void restore(const Record& record);

 private:
  struct Entry {
    chat::SourceAddress network;
    std::deque<TimePoint> crashes = {};  // those that still count
    TimePoint until{};                   // shut out
    bool on_probation = false;           // was shut out before
  };

  void forget_old(TimePoint now);

  std::list<Entry> entries_;  // the newest crash last
};

}  // namespace rookery::master
