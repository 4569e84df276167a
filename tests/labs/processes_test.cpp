// processes, pipe, queue, process-pool.
#include <gtest/gtest.h>

#include <string>

#include "tests/labs/lab_run.h"

namespace rookery::labs {
namespace {

TEST(ProcessesLab, AGlobalIsCopiedAndSharedMemoryIsShared) {
  const LabRun run = run_lab("processes --patience 20");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_TRUE(run.says_in_order({"child: my global is 42", "parent: my global is 1"})) << run.output();
  EXPECT_TRUE(run.says_in_order({"child: the shared number is 42 now", "parent: the shared number is 42"}))
      << run.output();
}

TEST(ProcessesLab, WhoWritesAsAReaderDiesAndHasChangedNothing) {
  const LabRun run = run_lab("processes --patience 20");
  EXPECT_TRUE(run.says_in_order(
      {"parent: who writes as a reader ends with signal 11 (Segmentation fault)", "parent: the shared number is 42"}))
      << run.output() << run.errors;
}

TEST(ProcessesLab, TheParentLearnsHowEachEnded) {
  const LabRun run = run_lab("processes --patience 20");
  EXPECT_TRUE(
      run.says_in_order({"parent: one child returned 7: exit code 7", "parent: one was killed: signal 9 (Killed)",
                         "parent: has it ended within 20 ms? no", "parent: and after SIGTERM? yes",
                         "parent: signal 15 (Terminated)", "parent: does a signal reach anybody now? no"}))
      << run.output() << run.errors;
}

TEST(PipeLab, BothSidesTalkUntilOneCloses) {
  const LabRun run = run_lab("pipe --patience 20");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_TRUE(run.says_in_order({"parent: stressed -> desserts", "parent: drawer -> reward",
                                 "child: end of file, nobody talks to me any more: I go",
                                 "parent: the child ended with exit code 0"}))
      << run.output();
}

TEST(PipeLab, EndOfFileTellsOfADeathUnlessSomebodyKeepsTheEnd) {
  const LabRun run = run_lab("pipe --patience 20");
  EXPECT_TRUE(run.says_in_order({"parent: evil -> live", "parent: end of file: it must be dead",
                                 "parent: it ended with signal 9 (Killed)",
                                 "4. The same, but somebody else has kept the child's end",
                                 "parent: it ended with signal 9 (Killed)", "parent: no end of file within 20 ms"}))
      << run.output() << run.errors;
}

TEST(QueueLab, EachProducersRecordsComeAllAndInOrder) {
  const LabRun run = run_lab("queue --producers 3 --records 2000");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_EQ(run.errors, "");  // of the children too: no sanitizer has found anything
  for (const char* const producer : {"producer 1: ", "producer 2: ", "producer 3: "})
    EXPECT_LT(run.find(producer + std::string("2000 records in order;")), run.lines.size()) << run.output();
  EXPECT_EQ(run.count("exit code 0"), 3U) << run.output();
}

TEST(QueueLab, WhatADeadProducerHadAppendedIsThere) {
  const LabRun run = run_lab("queue --producers 2 --records 200 --dies-after 100");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_LT(run.find("producer 1: 200 records in order;"), run.lines.size()) << run.output();
  const std::size_t dead = run.find("producer 2: 100 records in order;");
  ASSERT_LT(dead, run.lines.size()) << run.output();
  EXPECT_NE(run.lines[dead].find("signal 9 (Killed)"), std::string::npos) << run.lines[dead];
}

// 32 records fit; the consumer sleeps for as long as hundreds of them take to append.
TEST(QueueLab, ASlowConsumerMakesProducersWait) {
  EXPECT_TRUE(eventually([] {
    const LabRun run = run_lab("queue --producers 1 --records 200 --pause 20");
    EXPECT_LT(run.find("producer 1: 200 records in order"), run.lines.size()) << run.output();
    return run.number_after("found its outbox full ") > 0;
  }));
}

// There are 9592 primes below 100,000.
unsigned primes_of_all_tasks(const LabRun& run, unsigned tasks) {
  double sum = 0;
  for (unsigned task = 1; task <= tasks; ++task) sum += run.number_after("task " + std::to_string(task) + ": ");
  return static_cast<unsigned>(sum);
}

TEST(ProcessPoolLab, ResultsComeInTheOrderOfTheTasks) {
  const LabRun run = run_lab("process-pool --processes 3 --tasks 4 --step 25000 --deadly 0");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_TRUE(run.says_in_order({"task 1: 2762 primes", "task 2: 2371 primes", "task 3: 2260 primes",
                                 "task 4: 2199 primes", "the same results: yes"}))
      << run.output();
  EXPECT_EQ(run.count("died: "), 0U) << run.output();
}

TEST(ProcessPoolLab, TheTaskOfADeadWorkerIsRunAgain) {
  for (const char* const processes : {"1", "3"}) {
    const LabRun run = run_lab("process-pool --tasks 10 --step 10000 --deadly 5 --processes " + std::string(processes));
    EXPECT_EQ(run.exit_code, 0) << run.errors;
    EXPECT_EQ(run.errors, "");
    EXPECT_EQ(run.count("died: "), 1U) << run.output();
    EXPECT_EQ(run.count("signal 9 (Killed), while it had task 5"), 1U) << run.output();
    EXPECT_EQ(primes_of_all_tasks(run, 10), 9592U) << run.output();
    EXPECT_TRUE(run.says("the same results: yes")) << run.output();
  }
}

TEST(ProcessPoolLab, ATaskThatKillsAlwaysIsGivenUpAndTheOthersAreDone) {
  const LabRun run = run_lab("process-pool --processes 2 --tasks 4 --step 25000 --deadly 2 --always");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_EQ(run.count("while it had task 2"), 3U) << run.output();
  EXPECT_TRUE(run.says_in_order({"task 1: 2762 primes", "task 2: given up, no primes", "task 3: 2260 primes",
                                 "task 4: 2199 primes", "the same results: no"}))
      << run.output();
}

}  // namespace
}  // namespace rookery::labs
