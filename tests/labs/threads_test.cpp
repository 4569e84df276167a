// first-thread, two-threads.
#include <gtest/gtest.h>

#include "tests/labs/lab_run.h"

namespace rookery::labs {
namespace {

TEST(FirstThread, JoinedThreadsEndAndTheOneLeftAloneDoesNot) {
  const LabRun run = run_lab("first-thread --sleep 50 --long-sleep 60000");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_TRUE(run.says_in_order({"joined: awake again", "main: it has ended", "by-itself: awake again",
                                 "main: it has ended", "main: returns, and the process ends with all its threads"}))
      << run.output();
  EXPECT_FALSE(run.says("left-alone: awake again"));
}

TEST(TwoThreads, EachSaysItsOwnInOrder) {
  const LabRun run = run_lab("two-threads --count 4 --numbers-pause 2 --letters-pause 3");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_TRUE(run.says_in_order({"1", "2", "3", "4", "both have ended"})) << run.output();
  EXPECT_TRUE(run.says_in_order({"a", "b", "c", "d", "both have ended"})) << run.output();
  EXPECT_EQ(run.lines.size(), 9U);
}

// A busy machine may hold one of them up for a whole run, but not for so many.
TEST(TwoThreads, TheyInterleave) {
  bool interleaved = false;
  for (int attempt = 0; attempt < 20 && !interleaved; ++attempt) {
    const LabRun run = run_lab("two-threads --count 10 --numbers-pause 10 --letters-pause 15");
    interleaved = run.find("a") < run.find("10") && run.find("1") < run.find("j");
  }
  EXPECT_TRUE(interleaved);
}

}  // namespace
}  // namespace rookery::labs
