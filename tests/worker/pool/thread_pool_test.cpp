#include "worker/pool/thread_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <functional>
#include <latch>
#include <memory>
#include <ranges>
#include <stdexcept>

#include "tests/worker/pool/waiting.h"

namespace rookery::worker {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

// Keeps one thread of a pool busy until it is opened, by its destructor at the latest. Declare it behind the pool.
class Plug final {
 public:
  explicit Plug(ThreadPool& pool) {
    EXPECT_TRUE(pool.try_post([gate = gate_] {
      gate->closed.count_down();
      gate->open.wait();
    }));
    gate_->closed.wait();
  }
  ~Plug() {
    if (!gate_->open.try_wait()) open();
  }
  void open() { gate_->open.count_down(); }

 private:
  struct Gate {
    std::latch closed{1};
    std::latch open{1};
  };
  std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();  // the job may still be on its way out when we are gone
};

TEST(ThreadPool, GivesResultsThroughFutures) {
  ThreadPool pool(2, 4);
  std::future<int> sum = pool.submit([](int a, int b) { return a + b; }, 1, 2);
  std::future<void> nothing = pool.submit([] {});
  auto moved = pool.submit([](std::unique_ptr<int> value) { return value; }, std::make_unique<int>(5));
  int target = 0;
  std::future<void> referred = pool.submit([](int& value) { value = 9; }, std::ref(target));
  EXPECT_EQ(sum.get(), 3);
  nothing.get();
  EXPECT_EQ(*moved.get(), 5);
  referred.get();
  EXPECT_EQ(target, 9);
}

TEST(ThreadPool, GivesExceptionsThroughFutures) {
  ThreadPool pool(1, 4);
  std::future<int> bad = pool.submit([]() -> int { throw std::out_of_range("too far"); });
  EXPECT_THROW(bad.get(), std::out_of_range);
  auto also_bad = pool.try_submit([] { throw std::runtime_error("again"); });
  ASSERT_TRUE(also_bad.has_value());
  EXPECT_THROW(also_bad->get(), std::runtime_error);
  EXPECT_EQ(pool.submit([] { return 1; }).get(), 1) << "the thread lives on";
}

TEST(ThreadPool, OneThreadRunsJobsInTheOrderOfTheirSubmission) {
  std::vector<int> order;
  {
    ThreadPool pool(1, 100);
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(pool.try_post([&order, i] { order.push_back(i); }));
  }
  EXPECT_THAT(order, ::testing::ElementsAreArray(std::views::iota(0, 100)));
}

TEST(ThreadPool, RunsEveryJobOfManyProducersExactlyOnceWithinItsBound) {
  constexpr std::size_t kProducers = 4;
  constexpr std::size_t kJobs = 2'000;
  constexpr std::size_t kCapacity = 3;
  std::vector<std::atomic<int>> runs(kProducers * kJobs);
  std::atomic<int> over_bound = 0;
  {
    ThreadPool pool(3, kCapacity);
    std::vector<std::jthread> producers;
    for (std::size_t producer = 0; producer < kProducers; ++producer) {
      producers.emplace_back([&, producer] {
        for (std::size_t i = 0; i < kJobs; ++i) {
          std::future<void> ignored = pool.submit([&, job = producer * kJobs + i] {
            ++runs[job];
            if (pool.queued() > kCapacity) ++over_bound;
          });
        }
      });
    }
  }
  for (const std::atomic<int>& count : runs) ASSERT_EQ(count.load(), 1);
  EXPECT_EQ(over_bound.load(), 0);
}

TEST(ThreadPool, SaysNoWhenTheQueueIsFull) {
  std::atomic<int> runs = 0;
  {
    ThreadPool pool(1, 2);
    Plug plug(pool);
    EXPECT_EQ(pool.queued(), 0U);
    EXPECT_TRUE(pool.try_submit([&runs] { ++runs; }).has_value());
    EXPECT_TRUE(pool.try_post([&runs] { ++runs; }));
    EXPECT_EQ(pool.queued(), 2U);
    EXPECT_FALSE(pool.try_submit([&runs] { runs += 100; }).has_value());
    Job refused([&runs] { runs += 100; });
    EXPECT_FALSE(pool.try_post(std::move(refused)));
    EXPECT_TRUE(refused) << "a refused job is still ours";  // NOLINT(bugprone-use-after-move)
  }
  EXPECT_EQ(runs.load(), 2);
}

TEST(ThreadPool, ASubmitThatWaitsForRoomGoesOnWhenThereIsSome) {
  ThreadPool pool(1, 1);
  Plug plug(pool);
  ASSERT_TRUE(pool.try_post([] {}));
  std::future<int> result;
  WatchedThread producer([&] { result = pool.submit([] { return 42; }); });
  ASSERT_TRUE(producer.asleep_in_time());
  EXPECT_FALSE(producer.ended());
  EXPECT_EQ(pool.queued(), 1U);
  plug.open();
  ASSERT_TRUE(producer.ended_in_time());
  ASSERT_TRUE(ready_in_time(result));
  EXPECT_EQ(result.get(), 42);
}

TEST(ThreadPool, UsesAllItsThreadsAtOnce) {
  ThreadPool pool(3, 3);
  EXPECT_EQ(pool.threads(), 3U);
  std::latch all_here(3);
  std::vector<std::future<void>> meetings;
  for (int i = 0; i < 3; ++i) meetings.push_back(pool.submit([&all_here] { all_here.arrive_and_wait(); }));
  for (const std::future<void>& meeting : meetings) EXPECT_TRUE(ready_in_time(meeting));
}

TEST(ThreadPool, MapGivesResultsInTheOrderOfTheRange) {
  for (const std::size_t threads : {1U, 4U}) {
    ThreadPool pool(threads, 2);
    const std::vector<int> squares = pool.map(std::views::iota(0, 500), [](int i) { return i * i; });
    ASSERT_EQ(squares.size(), 500U);
    for (int i = 0; i < 500; ++i) EXPECT_EQ(squares[static_cast<std::size_t>(i)], i * i);
    const std::vector<std::string> texts = {"one", "three", ""};
    EXPECT_THAT(pool.map(texts, &std::string::size), ElementsAre(3U, 5U, 0U));
    EXPECT_THAT(texts, ElementsAre("one", "three", "")) << "the caller's elements are copied, not moved";
    EXPECT_TRUE(pool.map(std::vector<int>(), [](int i) { return i; }).empty());
  }
}

TEST(ThreadPool, MapRethrowsTheFirstExceptionOnceAllHaveEnded) {
  ThreadPool pool(2, 2);
  std::atomic<int> ended = 0;
  const auto job = [&ended](int i) {
    ++ended;
    if (i % 4 == 3) throw std::runtime_error(std::to_string(i));
    return i;
  };
  try {
    static_cast<void>(pool.map(std::views::iota(0, 100), job));
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "3");
  }
  EXPECT_EQ(ended.load(), 100);
}

TEST(ThreadPool, DestructorFinishesWhatIsQueued) {
  std::atomic<int> runs = 0;
  std::future<int> late;
  {
    ThreadPool pool(2, 100);
    Plug plug(pool);
    Plug other_plug(pool);
    for (int i = 0; i < 99; ++i) ASSERT_TRUE(pool.try_post([&runs] { ++runs; }));
    late = pool.submit([] { return 7; });
    EXPECT_EQ(pool.queued(), 100U);
  }
  EXPECT_EQ(runs.load(), 99);
  EXPECT_EQ(late.get(), 7);
}

TEST(ThreadPool, AJobMayPostMoreUntilTheEndBegins) {
  std::atomic<int> runs = 0;
  std::latch second_ran(1);
  ThreadPool pool(1, 1);
  ASSERT_TRUE(pool.try_post([&] {
    ++runs;
    EXPECT_TRUE(pool.try_post([&] {
      ++runs;
      second_ran.count_down();
    }));
  }));
  second_ran.wait();
  EXPECT_EQ(runs.load(), 2);
}

TEST(ThreadPool, AJobThatPostsItselfForEverIsToldNoWhenTheEndBegins) {
  std::atomic<int> runs = 0;
  std::atomic<int> refusals = 0;
  std::function<void()> again;
  {
    ThreadPool pool(1, 1);
    again = [&, &posted_to = pool] {
      ++runs;
      if (!posted_to.try_post(again)) ++refusals;  // its thread is here, so there is always room
    };
    ASSERT_TRUE(pool.try_post(again));
    ASSERT_TRUE(true_in_time([&runs] { return runs.load() > 100; }));
  }
  EXPECT_EQ(refusals.load(), 1);
}

struct Self {
  std::array<char, 16> name{};
  int nice = 0;
  sigset_t mask{};
};

Self describe_this_thread() {
  Self self;
  ::pthread_getname_np(::pthread_self(), self.name.data(), self.name.size());
  self.nice = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()));
  ::pthread_sigmask(SIG_SETMASK, nullptr, &self.mask);
  return self;
}

TEST(ThreadPool, NamesItsThreadsWithinTheLimit) {
  ThreadPool pool(1, 1, {.name = "w1-pool"});
  EXPECT_STREQ(pool.submit(describe_this_thread).get().name.data(), "w1-pool-0");
  ThreadPool verbose(11, 1, {.name = "a-name-that-is-too-long"});
  const std::string name = verbose.submit(describe_this_thread).get().name.data();
  EXPECT_EQ(name.size(), 15U);
  EXPECT_EQ(name.rfind("a-name-that-", 0), 0U) << name;
}

TEST(ThreadPool, NicesItsOwnThreadsAlone) {
  const int own = describe_this_thread().nice;
  if (own > 10) GTEST_SKIP() << "runs at nice " << own << " itself";
  ThreadPool pool(1, 1);
  EXPECT_EQ(pool.submit(describe_this_thread).get().nice, 10);
  ThreadPool nicer(1, 1, {.nice = 15});
  EXPECT_EQ(nicer.submit(describe_this_thread).get().nice, 15);
  EXPECT_EQ(describe_this_thread().nice, own);
}

TEST(ThreadPool, BlocksSignalsInItsThreadsButNotThoseOfFaults) {
  ThreadPool pool(1, 1);
  const sigset_t mask = pool.submit(describe_this_thread).get().mask;
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR1, SIGPIPE})
    EXPECT_EQ(::sigismember(&mask, signal), 1);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) EXPECT_EQ(::sigismember(&mask, signal), 0);
  const sigset_t ours = describe_this_thread().mask;
  EXPECT_EQ(::sigismember(&ours, SIGTERM), 0) << "the creator's own mask is as it was";
}

TEST(ThreadPool, RefusesToBeUseless) {
  EXPECT_THROW(ThreadPool(0, 1), std::invalid_argument);
  EXPECT_THROW(ThreadPool(1, 0), std::invalid_argument);
}

class ThreadPoolDeathTest : public ::testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }  // its process has had threads
};

TEST_F(ThreadPoolDeathTest, AnExceptionThatEscapesAPostedJobEndsTheProcessWithAMessage) {
  EXPECT_DEATH(
      {
        ThreadPool pool(1, 1);
        static_cast<void>(pool.try_post([] { throw std::runtime_error("nobody listens"); }));
      },
      "thread_pool.cpp:[0-9]+: an exception escaped a posted job: nobody listens");
}

TEST_F(ThreadPoolDeathTest, AJobThatWaitsForItsOwnPoolEndsTheProcessWithAMessage) {
  EXPECT_DEATH(
      {
        ThreadPool pool(2, 8);
        static_cast<void>(pool.try_post([&pool] { pool.submit([] {}).wait(); }));
      },
      "a job must not wait for its own pool");
}

TEST(ThreadPool, AJobMaySubmitToAnotherPool) {
  ThreadPool back(1, 1);
  ThreadPool front(1, 1);
  EXPECT_EQ(front.submit([&back] { return back.submit([] { return 3; }).get(); }).get(), 3);
}

}  // namespace
}  // namespace rookery::worker
