// master/ledger/calendar.h
//
// The date for messages, and for what is removed by its age. The machine's real time may jump (a wrong time server, a
// mistyped `date`), and a jump that is taken for true dates messages years ahead and empties the history. So it is held
// against the clock that only counts on, and a jump is believed when it has lasted: until then dates go on at the old
// rate.
//
// Who may use it  The sequencing and the storing thread; they take turns.
// Units           Milliseconds: real ones since 1970, UTC; others since boot, time in suspend included.
// When the ledger dies  its successor goes on from ClockTrust in the ledger's region. A new server believes the clock.
//
// Tests: tests/master/ledger/calendar_test.cpp, Supervision.Row60
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

#include "ipc/chat/ledger_region.h"

namespace rookery::ledger {

class Calendar final {
 public:
  // A jump is believed after that: long enough for a clock that is set back at once, short enough for one that was
  // wrong until now.
  static constexpr std::chrono::milliseconds kBelievedAfter{60'000};
  // For so long after a jump nothing is removed by its age.
  static constexpr std::chrono::hours kUncertainFor{24};
  // Real time may differ by so much at two looks: looking takes time.
  static constexpr std::chrono::milliseconds kNoJump{1000};

  explicit Calendar(chat::ClockTrust& kept) noexcept : kept_(kept) {}

  struct Clocks {
    std::int64_t real_ms;
    std::int64_t since_boot_ms;
  };
  [[nodiscard]] static Clocks clocks() noexcept;

  // The date. Logs a jump (ALERT), and when it is believed.
  [[nodiscard]] std::int64_t date_ms(Clocks now = clocks());
  // Is it known well enough to say how old a message is?
  [[nodiscard]] bool is_certain(Clocks now = clocks());
  // What was to end at this date or before has ended. While the date is uncertain that is nothing.
  [[nodiscard]] std::int64_t ended_by_ms(Clocks now = clocks());

 private:
  struct Jump {
    std::int64_t offset_ms;
    std::int64_t since_ms;
  };

  std::mutex mutex_;
  chat::ClockTrust& kept_;
  std::optional<Jump> jump_;  // that is not believed yet
};

}  // namespace rookery::ledger
