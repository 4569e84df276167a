// shared-array, dead-lock-holder, false-sharing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/labs/lab_run.h"

namespace rookery::labs {
namespace {

using ::testing::HasSubstr;

// The numbers behind `name`, in the first line that has it.
std::vector<unsigned> numbers_of_row(const LabRun& run, const std::string& name) {
  std::vector<unsigned> numbers;
  const std::size_t place = run.find(name);
  if (place == run.lines.size()) return numbers;
  std::istringstream row(run.lines[place].substr(run.lines[place].find(name) + name.size()));
  for (unsigned number = 0; row >> number;) numbers.push_back(number);
  return numbers;
}

// The number behind `label` in the first line that has `part`.
double number_in(const LabRun& run, const std::string& part, const std::string& label) {
  LabRun line;
  if (const std::size_t place = run.find(part); place < run.lines.size()) line.lines = {run.lines[place]};
  return line.number_after(label);
}

// An empty file that goes with its object: stands for a terminal.
class Pane final {
 public:
  Pane() {
    const int descriptor = ::mkstemp(path_.data());
    EXPECT_GE(descriptor, 0);
    ::close(descriptor);
  }
  ~Pane() { ::unlink(path_.c_str()); }
  Pane(const Pane&) = delete;
  Pane& operator=(const Pane&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string text() const {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }

 private:
  std::string path_ = "/tmp/rookery-labs-XXXXXX";
};

TEST(SharedArrayLab, EachShowsItsWorkAndTheParentReadsBothSums) {
  const LabRun run = run_lab("shared-array --pause 1 --numbers", {"7 0 12"});
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_TRUE(run.says_in_order({"7^2 = 49, sum 49", "0^2 = 0, sum 49", "12^2 = 144, sum 193",
                                 "main: squares ended with exit code 0, 3 of 3 done: 49 0 144; sum 193"}))
      << run.output();
  EXPECT_TRUE(run.says_in_order({"7^3 = 343, sum 343", "0^3 = 0, sum 343", "12^3 = 1728, sum 2071",
                                 "main: cubes ended with exit code 0, 3 of 3 done: 343 0 1728; sum 2071"}))
      << run.output();
  EXPECT_EQ(run.lines.size(), 9U);
  EXPECT_EQ(run.lines[run.find("12^2")].find_first_not_of(' '), 0U);
  EXPECT_EQ(run.lines[run.find("12^3")].find_first_not_of(' '), 32U) << "a column of its own";
}

// The first `count` powers, added up.
std::uint64_t sum_of(std::uint64_t count, std::uint64_t (*power)(std::uint64_t)) {
  std::uint64_t sum = 0;
  for (std::uint64_t number = 1; number <= count; ++number) sum += power(number);
  return sum;
}

TEST(SharedArrayLab, WhileTheyWorkCountAndSumAgree) {
  LabRun run;
  const auto looked_in_between = [&run] {
    run = run_lab("shared-array --pause 2 --numbers", {"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20"});
    unsigned long squares = 0, squares_sum = 0, cubes = 0, cubes_sum = 0;
    const std::size_t place = run.find("main: so far ");
    if (place == run.lines.size() ||
        std::sscanf(run.lines[place].c_str(), "main: so far %lu squares, sum %lu; %lu cubes, sum %lu", &squares,
                    &squares_sum, &cubes, &cubes_sum) != 4) {
      ADD_FAILURE() << run.output();
      return true;
    }
    EXPECT_GE(squares, 10U) << run.output();
    EXPECT_EQ(squares_sum, sum_of(squares, [](std::uint64_t n) { return n * n; })) << run.output();
    EXPECT_EQ(cubes_sum, sum_of(cubes, [](std::uint64_t n) { return n * n * n; })) << run.output();
    return squares < 20 && cubes > 0 && cubes < 20;
  };
  EXPECT_TRUE(eventually(looked_in_between)) << run.output();
}

TEST(SharedArrayLab, EachCanHaveAPaneOfItsOwn) {
  const Pane squares;
  const Pane cubes;
  const LabRun run =
      run_lab("shared-array --pause 0 --numbers 3 --squares-pane " + squares.path() + " --cubes-pane " + cubes.path());
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_EQ(squares.text(), "3^2 = 9, sum 9\n");
  EXPECT_EQ(cubes.text(), "3^3 = 27, sum 27\n");
  EXPECT_EQ(run.lines.size(), 3U) << run.output();
  EXPECT_TRUE(run.says("main: cubes ended with exit code 0, 1 of 1 done: 27; sum 27")) << run.output();
}

TEST(SharedArrayLab, WhatADeadProcessHadDoneIsThere) {
  const LabRun run = run_lab("shared-array --pause 1 --cubes-die-after 2 --numbers", {"2 3 4 5"});
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_TRUE(run.says("main: squares ended with exit code 0, 4 of 4 done: 4 9 16 25; sum 54")) << run.output();
  EXPECT_TRUE(run.says("main: cubes ended with signal 9 (Killed), 2 of 4 done: 8 27; sum 35")) << run.output();
}

TEST(SharedArrayLab, WhatIsNoNumberOrNoPaneIsSaid) {
  for (const char* const numbers : {"", "one", "1 two", "1 -2", "10001", "3 99999999999999999999"}) {
    const LabRun run = run_lab("shared-array --numbers", {numbers});
    EXPECT_EQ(run.exit_code, 64) << numbers;
    EXPECT_THAT(run.errors, HasSubstr("--numbers")) << numbers;
  }
  const LabRun run = run_lab("shared-array --cubes-pane /no/such/terminal");
  EXPECT_EQ(run.exit_code, 70);
  EXPECT_THAT(run.errors, HasSubstr("cannot write into /no/such/terminal"));
}

TEST(DeadLockHolderLab, TheOrdinaryMutexStaysLocked) {
  const LabRun run = run_lab("dead-lock-holder --rounds 1 --patience 100");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_TRUE(run.says_in_order(
      {"child: has the lock", "main: the child ended with signal 9 (Killed)", "main: still locked after 100 ms"}))
      << run.output();
}

// Two thirds of the time the lock is held, one third of it the numbers disagree: of so many kills some hit each.
TEST(DeadLockHolderLab, TheRobustMutexGivesBackTheLockButNotTheData) {
  constexpr unsigned kRounds = 60;
  const LabRun run = run_lab("dead-lock-holder --patience 10 --rounds " + std::to_string(kRounds));
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  const auto robust = numbers_of_row(run, "robust mutex");
  ASSERT_EQ(robust.size(), 3U) << run.output();
  EXPECT_GT(robust[0], 0U) << run.output();
  EXPECT_LE(robust[0], kRounds);
  EXPECT_GE(robust[1], robust[0]) << "who is killed in mid-change has the lock\n" << run.output();
  EXPECT_LE(robust[1], kRounds);
  EXPECT_GT(robust[2], 0U) << run.output();
  EXPECT_LE(robust[2], robust[0]) << "only those in mid-change leave numbers that disagree\n" << run.output();

  const auto single = numbers_of_row(run, "single writer");
  ASSERT_EQ(single.size(), 3U) << run.output();
  EXPECT_GT(single[0], 0U) << run.output();
  EXPECT_EQ(single[1], 0U);
  EXPECT_EQ(single[2], 0U) << run.output();
}

// How fast is not ours to say: on one core there is nothing to see.
TEST(FalseSharingLab, BothWaysCountEverything) {
  for (const std::string how : {"", " --by-store"}) {
    const LabRun run = run_lab("false-sharing --additions 20000 --rounds 5 --apart 16" + how);
    EXPECT_EQ(run.exit_code, 0) << run.errors;
    EXPECT_EQ(run.count("counted 100000 and 100000"), 2U) << run.output();
    EXPECT_LT(run.find("neighbours    8 bytes: counted"), run.lines.size()) << run.output();
    EXPECT_LT(run.find("apart       128 bytes: counted"), run.lines.size()) << run.output();

    const double neighbours_us = number_in(run, "neighbours  ", "median of a round ");
    const double apart_us = number_in(run, "apart  ", "median of a round ");
    ASSERT_GT(apart_us, 0.0) << run.output();
    const double ratio = neighbours_us / apart_us;
    const double rounding = 0.05 + ratio * (0.5 / neighbours_us + 0.5 / apart_us);
    EXPECT_NEAR(run.number_after("neighbours take "), ratio, 1.1 * rounding) << run.output();
  }
}

}  // namespace
}  // namespace rookery::labs
