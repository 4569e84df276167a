// Timer: one call, or none if it was cancelled in time, and never a doubt which of the two.
#include "worker/pool/timer.h"

#include <gtest/gtest.h>

namespace rookery::worker {
namespace {

using namespace std::chrono_literals;

TEST(Timer, CallsOnceAfterTheDelay) {
  Event called;
  std::atomic<int> calls = 0;
  const auto start = std::chrono::steady_clock::now();
  {
    const Timer timer(20ms, [&] {
      ++calls;
      called.set();
    });
    called.wait();
  }
  EXPECT_GE(std::chrono::steady_clock::now() - start, 20ms);
  EXPECT_EQ(calls, 1);
}

TEST(Timer, CancelledInTimeItNeverCallsAndNobodyWaitsForTheDelay) {
  std::atomic<int> calls = 0;
  {
    Timer timer(1h, [&] { ++calls; });
    EXPECT_TRUE(timer.cancel());
    EXPECT_FALSE(timer.cancel()) << "only one call of cancel() prevented it";
  }  // joins: would take an hour
  EXPECT_EQ(calls, 0);
}

TEST(Timer, CancelledTooLateItSaysSo) {
  Event called;
  Timer timer(0ms, [&] { called.set(); });
  called.wait();
  EXPECT_FALSE(timer.cancel());
}

TEST(Timer, DestroyedBeforeItsTimeItNeverCalls) {
  std::atomic<int> calls = 0;
  {
    const Timer timer(1h, [&] { ++calls; });
  }
  EXPECT_EQ(calls, 0);
}

TEST(Timer, TheDestructorWaitsForACallThatHasBegun) {
  Event begun;
  Event may_end;
  std::atomic<bool> ended = false;
  {
    const Timer timer(0ms, [&] {
      begun.set();
      may_end.wait();
      ended = true;
    });
    begun.wait();
    may_end.set();
  }
  EXPECT_TRUE(ended);
}

TEST(Timer, CancelAtTheVeryMomentDecidesOneWay) {
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> calls = 0;
    bool cancelled = false;
    {
      Timer timer(0ms, [&] { ++calls; });
      cancelled = timer.cancel();
    }
    EXPECT_EQ(calls, cancelled ? 0 : 1);
  }
}

}  // namespace
}  // namespace rookery::worker
