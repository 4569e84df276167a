#include "worker/pool/task_group.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <string>
#include <vector>

#include "tests/worker/pool/waiting.h"

namespace rookery::worker {
namespace {

class TaskGroups : public ::testing::TestWithParam<std::size_t> {};  // the parameter is the pool's number of threads

INSTANTIATE_TEST_SUITE_P(Threads, TaskGroups, ::testing::Values(1U, 2U, 4U));

TEST_P(TaskGroups, GiveTheContinuationAllResultsInTheOrderOfTheArguments) {
  std::promise<std::string> answer;
  std::future<std::string> answered = answer.get_future();
  ThreadPool pool(GetParam(), 8);
  ASSERT_TRUE(when_all(
      pool,
      [&answer](int number, std::unique_ptr<std::string> text, bool flag) {
        answer.set_value(std::to_string(number) + *text + (flag ? "yes" : "no"));
      },
      [] { return 1; }, [] { return std::make_unique<std::string>("two"); }, [] { return true; }));
  ASSERT_TRUE(ready_in_time(answered));
  EXPECT_EQ(answered.get(), "1twoyes");
}

TEST_P(TaskGroups, RunEachContinuationExactlyOnceAndAfterItsTasks) {
  constexpr std::size_t kGroups = 2'000;
  std::vector<std::atomic<int>> continuations(kGroups);
  std::atomic<int> wrong_sums = 0;
  {
    ThreadPool pool(GetParam(), 4 * kGroups);
    for (std::size_t i = 0; i < kGroups; ++i) {
      const auto tasks_done = std::make_shared<std::atomic<int>>(0);
      const auto task = [tasks_done] { return tasks_done->fetch_add(1, std::memory_order_relaxed) >= 0 ? 1 : 0; };
      const bool accepted = when_all(
          pool,
          [&continuation = continuations[i], &wrong_sums, tasks_done](int a, int b, int c, int d) {
            if (a + b + c + d != 4 || tasks_done->load(std::memory_order_relaxed) != 4) ++wrong_sums;
            ++continuation;
          },
          task, task, task, task);
      ASSERT_TRUE(accepted);
    }
  }
  for (const std::atomic<int>& count : continuations) ASSERT_EQ(count.load(), 1);
  EXPECT_EQ(wrong_sums.load(), 0);
}

TEST(TaskGroup, RunsOnTheThreadOfTheLastTask) {
  std::promise<bool> same_thread;
  std::future<bool> answered = same_thread.get_future();
  std::latch first_began(1);
  std::latch first_ended(1);
  std::thread::id last_thread;
  ThreadPool pool(2, 2);
  ASSERT_TRUE(when_all(
      pool, [&](int, int) { same_thread.set_value(std::this_thread::get_id() == last_thread); },
      [&] {
        first_began.count_down();
        return 0;
      },
      [&] {
        first_began.wait();  // and so the other thread has the first task
        last_thread = std::this_thread::get_id();
        first_ended.wait();
        return 0;
      }));
  // The first task has ended once its thread takes another job.
  ASSERT_TRUE(true_in_time([&] { return pool.try_post([&first_ended] { first_ended.count_down(); }); }));
  ASSERT_TRUE(ready_in_time(answered));
  EXPECT_TRUE(answered.get());
}

TEST(TaskGroup, RunsNothingWhenThereIsNoRoomForAll) {
  std::atomic<int> runs = 0;
  {
    std::latch began(1);
    std::latch open(1);
    ThreadPool pool(1, 3);
    ASSERT_TRUE(pool.try_post([&] {
      began.count_down();
      open.wait();
    }));
    began.wait();
    const auto task = [&runs] { return ++runs; };
    ASSERT_TRUE(pool.try_post([] {}));
    ASSERT_TRUE(pool.try_post([] {}));
    // There is room for one of the tasks, not for both.
    EXPECT_FALSE(when_all(
        pool, [&runs](int, int) { ++runs; }, task, task));
    EXPECT_EQ(pool.queued(), 2U);
    open.count_down();
  }
  EXPECT_EQ(runs.load(), 0);
}

TEST(TaskGroup, LetsGoOfTasksAndContinuationOnceDone) {
  const auto held = std::make_shared<int>(0);
  {
    ThreadPool pool(2, 4);
    ASSERT_TRUE(when_all(
        pool, [held](int, int) {}, [held] { return 1; }, [held] { return 2; }));
  }
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace rookery::worker
