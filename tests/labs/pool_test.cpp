// producer-consumer, thread-pool.
#include <gtest/gtest.h>

#include "tests/labs/lab_run.h"

namespace rookery::labs {
namespace {

// The producer is the faster one, unless the machine is so busy that it comes late.
bool a_bound_has_held_the_producer() {
  const LabRun run = run_lab("producer-consumer --items 200 --capacity 3 --pause 1");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  const std::size_t without_bound = run.find("a queue without a bound");
  EXPECT_LT(without_bound, run.lines.size()) << run.output();
  LabRun bounded;
  bounded.lines.assign(run.lines.begin(), run.lines.begin() + static_cast<std::ptrdiff_t>(without_bound));
  LabRun unbounded;
  unbounded.lines.assign(run.lines.begin() + static_cast<std::ptrdiff_t>(without_bound), run.lines.end());

  EXPECT_LE(bounded.number_after("most items waiting: "), 3);
  EXPECT_EQ(unbounded.number_after("times it had to wait: "), 0);
  EXPECT_EQ(run.count("consumer: 200 items, in order: true"), 2U) << run.output();
  return bounded.number_after("times it had to wait: ") >= 1 && unbounded.number_after("most items waiting: ") > 3;
}

TEST(ProducerConsumerLab, OnlyABoundHoldsAFastProducer) {
  EXPECT_TRUE(eventually(a_bound_has_held_the_producer));
}

TEST(ThreadPoolLab, FourTasksCountOneSentence) {
  const LabRun run = run_lab("thread-pool --rounds 2");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_TRUE(run.says_in_order(
      {"words: 9", "characters: 43", "vowels: 11", "odd words: 7", "the same as one after the other: true"}))
      << run.output();
}

TEST(ThreadPoolLab, TheTimesOfBothWaysAreSaid) {
  const LabRun run = run_lab("thread-pool --rounds 1 --copies 1000");  // long enough for a figure above 0.0 us
  EXPECT_GT(run.number_after("   one after the other: "), 0);
  EXPECT_GT(run.number_after("   in parallel: "), 0);
}

TEST(ThreadPoolLab, TheTextIsTheCallers) {
  const LabRun run = run_lab("thread-pool --rounds 1 --copies 3 --threads 4 --text", {"it's a 42"});
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_TRUE(run.says_in_order({"words: 9", "characters: 29", "vowels: 6", "odd words: 6"})) << run.output();
}

TEST(ThreadPoolLab, MapKeepsTheOrderOfTheQuestions) {
  const LabRun run = run_lab("thread-pool --rounds 1 --threads 3");
  EXPECT_TRUE(run.says_in_order({"hippopotamus: 12", "elephant: 8", "cat: 3"})) << run.output();
}

TEST(ThreadPoolLab, AnExceptionComesOutOfTheFuture) {
  const LabRun run = run_lab("thread-pool --rounds 1");
  EXPECT_TRUE(run.says("main has caught: there is no word number 10")) << run.output();
}

TEST(ThreadPoolLab, TheBlocksEndWaitsForAllTasks) {
  const LabRun run = run_lab("thread-pool --rounds 1 --threads 1");
  EXPECT_TRUE(run.says_in_order({"leaving the block", "behind it: 8 of 8 tasks done"})) << run.output();
}

}  // namespace
}  // namespace rookery::labs
