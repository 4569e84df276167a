// first-thread, two-threads, racing-threads.
#include <gtest/gtest.h>

#include <sstream>

#include "tests/labs/lab_run.h"

namespace rookery::labs {
namespace {

TEST(FirstThreadLab, JoinedThreadsEndAndTheOneLeftAloneDoesNot) {
  const LabRun run = run_lab("first-thread --sleep 50 --long-sleep 60000");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_TRUE(run.says_in_order({"joined: awake again", "main: it has ended", "by-itself: awake again",
                                 "main: it has ended", "main: returns, and the process ends with all its threads"}))
      << run.output();
  EXPECT_FALSE(run.says("left-alone: awake again"));
}

TEST(TwoThreadsLab, EachSaysItsOwnInOrder) {
  const LabRun run = run_lab("two-threads --count 4 --numbers-pause 2 --letters-pause 3");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_TRUE(run.says_in_order({"1", "2", "3", "4", "both have ended"})) << run.output();
  EXPECT_TRUE(run.says_in_order({"a", "b", "c", "d", "both have ended"})) << run.output();
  EXPECT_EQ(run.lines.size(), 9U);
}

TEST(TwoThreadsLab, TheyInterleave) {
  EXPECT_TRUE(eventually([] {
    const LabRun run = run_lab("two-threads --count 10 --numbers-pause 10 --letters-pause 15");
    return run.find("a") < run.find("10") && run.find("1") < run.find("j");
  }));
}

TEST(RacingThreadsLab, EachRaceHasOneWinnerAndItReachedTheGoal) {
  const LabRun run = run_lab("racing-threads --runs 8 --goal 40 --pause 1");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  ASSERT_EQ(run.lines.size(), 10U) << run.output();
  unsigned hare_wins = 0;
  for (std::size_t race = 1; race <= 8; ++race) {
    std::istringstream row(run.lines[race]);
    unsigned number = 0;
    unsigned hare = 0;
    unsigned tortoise = 0;
    std::string winner;
    row >> number >> hare >> tortoise >> winner;
    EXPECT_EQ(number, race);
    ASSERT_TRUE(winner == "hare" || winner == "tortoise") << run.lines[race];
    const unsigned sum = winner == "hare" ? hare : tortoise;
    EXPECT_GE(sum, 40U);
    EXPECT_LE(sum, 49U) << "the last number was at most 10";
    hare_wins += winner == "hare" ? 1U : 0U;
  }
  std::istringstream last(run.lines[9]);
  std::string wins;
  unsigned hare = 0;
  unsigned tortoise = 0;
  last >> wins >> hare >> tortoise;
  EXPECT_EQ(wins, "wins");
  EXPECT_EQ(hare, hare_wins);
  EXPECT_EQ(hare + tortoise, 8U);
}

TEST(RacingThreadsLab, NeitherAlwaysWins) {
  EXPECT_TRUE(eventually([] {
    const LabRun run = run_lab("racing-threads --runs 20 --goal 30 --pause 1");
    return run.count("  hare") > 1 && run.count("  tortoise") > 1;  // the heading names both
  }));
}

}  // namespace
}  // namespace rookery::labs
