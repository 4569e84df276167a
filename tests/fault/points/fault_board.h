// tests/fault/points/fault_board.h
//
// What shall go wrong, in memory that the test and all processes of the server share: a test can change its mind while
// the server runs, and sees how often each rule has struck.
//
//   ROOKERY_FAULT=worker.after_recv:kill9            the first time anybody comes by
//   ROOKERY_FAULT=ledger.before_commit:kill9:3       the third time, counted over all processes
//   ROOKERY_FAULT=store.write:errno:ENOSPC:1+        from the first time on, each time
//   ROOKERY_FAULT=a:stop,b:sleep:200                 several rules
//   ROOKERY_FAULT=@FILE                              a board that FaultSwitch (tests/system/harness) made
//
// Actions: kill9, segv, abort, bus, stop (SIGSTOP to itself), spin (an endless loop), exit:CODE, sleep:MS, errno:NAME,
// short:BYTES (a short write, then ENOSPC), scribble (into a region of another process), ahead:SECONDS and back:SECONDS
// (a clock that is wrong), attempts and attempt:NUMBER (what a process that was taken over would try: attempts.h).
//
// Who may write   Rules: the test. `hits` and `fired`: everybody, by atomic addition.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ipc/fault/fault_point.h"
#include "tests/fault/points/attempts.h"

namespace rookery::fault {

enum class Action : std::uint32_t {
  None,
  Kill9,
  Segv,
  Abort,
  Bus,
  Stop,
  Spin,
  Exit,
  Sleep,
  Error,
  Short,
  Scribble,
  Ahead,
  Back,
  Attempt,   // one, by its number
  Attempts,  // all that the process survives
};

struct RuleSpec {
  Point point = Point::MasterAfterBind;
  Action action = Action::None;
  std::uint64_t argument = 0;  // exit code, milliseconds, errno, bytes
  std::uint64_t nth = 1;
  bool and_after = false;  // "N+": each time from the nth on
};

// Empty, and `why` says what is wrong.
[[nodiscard]] std::optional<RuleSpec> parse_rule(std::string_view text, std::string& why);

struct Rule {
  std::atomic<std::uint32_t> live;  // released last, 0: no rule
  std::atomic<std::uint32_t> point;
  std::atomic<std::uint32_t> action;
  std::atomic<std::uint32_t> and_after;
  std::atomic<std::uint64_t> argument;
  std::atomic<std::uint64_t> nth;
  std::atomic<std::uint64_t> hits;
  std::atomic<std::uint64_t> fired;
};

inline constexpr std::size_t kRules = 8;
inline constexpr int kSucceeded = -1;  // 0: not tried

struct Board {
  std::array<Rule, kRules> rules;
  std::array<std::atomic<std::uint64_t>, kPoints> passed;  // how often each point was come by, rule or not

  // attempts.h. Set by the test before the server starts.
  std::array<char, 64> directory{};
  std::uint16_t port = 0;
  std::array<std::atomic<int>, kAttempts> outcomes{};  // written by whoever tried: errno or kSucceeded
};

// REQUIRES: index < kRules.
void set_rule(Board& board, std::size_t index, const RuleSpec& spec) noexcept;
void clear_rules(Board& board) noexcept;

// Comma-separated rules. What is wrong with them, if anything: then nothing is set.
[[nodiscard]] std::optional<std::string> set_rules(Board& board, std::string_view text);

}  // namespace rookery::fault
