// timer, barrier, event.
#include <gtest/gtest.h>

#include "tests/labs/lab_run.h"

namespace rookery::labs {
namespace {

TEST(TimerLab, CallsUnlessItIsCancelledInTime) {
  const LabRun run = run_lab("timer --delay 30");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_TRUE(run.says_in_order({"1. Nobody cancels: the call comes after 30 ms", "called",
                                 "2. Cancelled in time: it never comes", "prevented by cancel(): true",
                                 "3. Cancelled too late: it has been made", "called", "prevented by cancel(): false"}))
      << run.output();
  EXPECT_EQ(run.count("called"), 2U) << run.output();
}

TEST(BarrierLab, NobodyBeginsBeforeAllAreReady) {
  constexpr std::size_t kWorkers = 5;
  constexpr std::size_t kRounds = 4;
  const LabRun run = run_lab("barrier --workers 5 --rounds 4 --pace 2");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  std::size_t ready = 0;
  std::size_t begun = 0;
  std::size_t rounds = 0;
  for (const std::string& line : run.lines) {
    if (line.ends_with("is ready")) ++ready;
    if (line.ends_with("begins")) ++begun;
    if (!line.starts_with("---")) continue;
    EXPECT_EQ(ready, kWorkers * (rounds + 1)) << run.output();
    EXPECT_EQ(begun, kWorkers * rounds) << run.output();
    ++rounds;
  }
  EXPECT_EQ(rounds, kRounds);
  EXPECT_EQ(begun, kWorkers * kRounds);
}

TEST(EventLab, AllRunAfterTheShotAndNobodyBefore) {
  const LabRun run = run_lab("event --runners 5 --delay 50 --patience 10");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_EQ(run.count("runs"), 5U);
  EXPECT_GT(run.find("runs"), run.find("starter: bang")) << run.output();
  EXPECT_TRUE(run.says_in_order(
      {"starter: bang", "the late one looks: has there been a shot? true", "cleared for the next race: false"}))
      << run.output();
}

TEST(EventLab, AWaitWithATimeOutSaysThatThereWasNoShot) {
  EXPECT_TRUE(eventually([] {
    const LabRun run = run_lab("event --runners 1 --delay 300 --patience 1");
    return run.says_in_order({"runner 1 waits", "runner 1: not yet?", "starter: bang", "runner 1 runs"});
  }));
}

}  // namespace
}  // namespace rookery::labs
