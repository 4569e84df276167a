// lost-update, lock, deadlock, semaphore.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/labs/lab_run.h"
#include "tests/support/driven_programs.h"

namespace rookery::labs {
namespace {

TEST(LostUpdateLab, TwoThreadsAddOneAndOneOfThemIsLost) {
  const LabRun run = run_lab("lost-update --certain");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_TRUE(run.says_in_order({"ada has read 0", "ada has written 1"})) << run.output();
  EXPECT_TRUE(run.says_in_order({"bob has read 0", "bob has written 1"})) << run.output();
  EXPECT_TRUE(run.says("two threads have added 1 to 0: 1")) << run.output();
}

TEST(LostUpdateLab, APauseIsEnoughToLoseIt) {
  EXPECT_TRUE(eventually([] { return run_lab("lost-update --pause 30").says("two threads have added 1 to 0: 1"); }));
}

// Its race is meant, so here it is suppressed by name.
TEST(LostUpdateLab, APlainIntLosesItToo) {
  const LabRun run = run_lab("lost-update --plain --certain");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_TRUE(run.says("two threads have added 1 to 0: 1")) << run.output();
}

TEST(LostUpdateLab, ThreadSanitizerReportsThePlainIntAlone) {
  if (test::sanitizer() != test::Sanitizer::Thread) GTEST_SKIP() << "rookery-lab is not built with it";
  const LabRun plain = run_lab("lost-update --plain --pause 10", {}, Races::Reported);
  EXPECT_NE(plain.exit_code, 0);
  EXPECT_THAT(plain.errors, ::testing::HasSubstr("ThreadSanitizer: data race"));
  EXPECT_THAT(plain.errors, ::testing::HasSubstr("add_one_to_plain_int"));
  const LabRun atomic = run_lab("lost-update --pause 10", {}, Races::Reported);
  EXPECT_EQ(atomic.exit_code, 0) << atomic.errors;
  EXPECT_EQ(atomic.errors, "");
}

TEST(DeadlockLab, ThreadSanitizerReportsTheReleaseOfWhatIsNotHeld) {
  if (test::sanitizer() != test::Sanitizer::Thread) GTEST_SKIP() << "rookery-lab is not built with it";
  const LabRun run = run_lab("deadlock --patience 5 --rounds 10", {}, Races::Reported);
  EXPECT_NE(run.exit_code, 0);
  EXPECT_THAT(run.errors, ::testing::HasSubstr("unlock of an unlocked mutex"));
}

TEST(DeadlockLab, ThreadSanitizerReportsTwoOrdersThoughNobodyWaits) {
  if (test::sanitizer() != test::Sanitizer::Thread) GTEST_SKIP() << "rookery-lab is not built with it";
  const LabRun run = run_lab("deadlock --patience 5 --rounds 10", {}, Races::Reported);
  EXPECT_THAT(run.errors, ::testing::HasSubstr("lock-order-inversion (potential deadlock)"));
  EXPECT_THAT(run.errors, ::testing::HasSubstr("lock_one_after_the_other"));
}

TEST(LockLab, NothingIsLost) {
  const LabRun run = run_lab("lock --pause 5 --times 5");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_TRUE(run.says("lock() and unlock() by hand, 1 time each: 2")) << run.output();
  EXPECT_TRUE(run.says("scoped lock, 1 time each: 2")) << run.output();
  EXPECT_TRUE(run.says("scoped lock, 5 times each: 10")) << run.output();
}

TEST(DeadlockLab, LockingTwiceIsFoundByATimeOutOrByTheMutex) {
  const LabRun run = run_lab("deadlock --patience 20 --rounds 10");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_TRUE(run.says_in_order({"normal: first lock: done", "normal: second lock: Connection timed out"}))
      << run.output();
  EXPECT_TRUE(
      run.says_in_order({"error-checking: first lock: done", "error-checking: second lock: Resource deadlock avoided"}))
      << run.output();
  EXPECT_TRUE(run.says_in_order({"recursive: first lock: done", "recursive: second lock: done"})) << run.output();
}

TEST(DeadlockLab, ReleasingWhatIsNotHeldIsRefused) {
  const LabRun run = run_lab("deadlock --patience 20 --rounds 10");
  EXPECT_TRUE(run.says("error-checking: one release too many: Operation not permitted")) << run.output();
  EXPECT_TRUE(run.says("recursive: one release too many: Operation not permitted")) << run.output();
}

TEST(DeadlockLab, TwoOrdersBlockBothAndScopedLockNeither) {
  const LabRun run = run_lab("deadlock --patience 20 --rounds 500");
  EXPECT_TRUE(run.says("ada: holds one, and the other: gives up waiting")) << run.output();
  EXPECT_TRUE(run.says("bob: holds one, and the other: gives up waiting")) << run.output();
  EXPECT_TRUE(run.says("one after the other: 2 meals")) << run.output();
  EXPECT_TRUE(run.says("with std::scoped_lock, 500 rounds each: 1000 meals")) << run.output();
}

TEST(DeadlockLab, ARecursiveMutexIsReleasedAsOftenAsLocked) {
  const LabRun run = run_lab("deadlock --patience 20 --rounds 10 --depth 2");
  EXPECT_TRUE(
      run.says_in_order({"locked 2 times; free for another thread: no", "released 1 times; free for another thread: no",
                         "released 2 times; free for another thread: yes"}))
      << run.output();
}

TEST(SemaphoreLab, NeverMoreThanThereAreSeats) {
  const LabRun run = run_lab("semaphore --guests 10 --seats 3 --meal 10");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_EQ(run.count("sits down"), 10U);
  EXPECT_EQ(run.count("gets up"), 10U);
  for (const std::string& line : run.lines) {
    const std::size_t place = line.find("seated: ");
    if (place == std::string::npos) continue;
    EXPECT_LE(std::stoi(line.substr(place + 8)), 3) << line;
  }
  EXPECT_LE(run.number_after("never more than "), 3);
}

TEST(SemaphoreLab, AllSeatsAreTaken) {
  EXPECT_TRUE(eventually([] {
    return run_lab("semaphore --guests 10 --seats 3 --meal 20").says("all 10 have eaten, never more than 3 at a time");
  }));
}

}  // namespace
}  // namespace rookery::labs
