// The meter of lines: its burst, its rate, and that a client over it is still served at it.
#include "worker/limits/line_meter.h"

#include <gtest/gtest.h>

namespace rookery::worker {
namespace {

using std::chrono::milliseconds;
using Time = os::Monotonic::time_point;

const Time kFirstLine = Time{} + std::chrono::hours(1);

int taken(LineMeter& meter, Time now, std::uint32_t rate, int tries) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += meter.take(now, rate) ? 1 : 0;
  return count;
}

TEST(LineMeterTest, ABurstIsSomeSecondsWorth) {
  LineMeter meter;
  EXPECT_EQ(taken(meter, kFirstLine, 10, 1000), 10 * static_cast<int>(kLineBurstSeconds));
}

TEST(LineMeterTest, AfterTheBurstTheRateHolds) {
  LineMeter meter;
  static_cast<void>(taken(meter, kFirstLine, 10, 1000));
  EXPECT_EQ(taken(meter, kFirstLine + milliseconds{99}, 10, 50), 0);
  EXPECT_EQ(taken(meter, kFirstLine + milliseconds{100}, 10, 50), 1);
  int sum = 0;
  for (int ms = 110; ms <= 10'100; ms += 10) sum += taken(meter, kFirstLine + milliseconds{ms}, 10, 7);
  EXPECT_EQ(sum, 100) << "refused lines are not held against it";
}

TEST(LineMeterTest, ARestFillsItAgainButNotBeyond) {
  LineMeter meter;
  static_cast<void>(taken(meter, kFirstLine, 10, 1000));
  EXPECT_EQ(taken(meter, kFirstLine + std::chrono::hours(24), 10, 1000), 10 * static_cast<int>(kLineBurstSeconds));
}

TEST(LineMeterTest, TheHighestRateIsNotLost) {
  LineMeter meter;
  EXPECT_EQ(taken(meter, kFirstLine, 1'000'000, 6'000'000), 5'000'000);
}

}  // namespace
}  // namespace rookery::worker
