#include "master/supervisor/heartbeat.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace rookery::master {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kStarted = 1'000'000;
constexpr std::int64_t kNow = kStarted + 60'000;

TEST(HeartbeatAge, IsTheTimeSinceTheBeat) {
  EXPECT_EQ(heartbeat_age(kNow - 300, kStarted, kNow), milliseconds{300});
}

TEST(HeartbeatAge, NonsenseCountsAsNoBeatAtAll) {
  const milliseconds none{kNow - kStarted};
  EXPECT_EQ(heartbeat_age(0, kStarted, kNow), none);
  EXPECT_EQ(heartbeat_age(kNow + 1, kStarted, kNow), none) << "a beat from the future would never grow old";
  EXPECT_EQ(heartbeat_age(kStarted - 1, kStarted, kNow), none) << "left by the predecessor";
  EXPECT_EQ(heartbeat_age(std::numeric_limits<std::int64_t>::max(), kStarted, kNow), none);
  EXPECT_EQ(heartbeat_age(std::numeric_limits<std::int64_t>::min(), kStarted, kNow), none);
}

TEST(HeartbeatVerdict, AbortAfterFiveSecondsKillAfterSeven) {
  EXPECT_EQ(judge_heartbeat(milliseconds{5000}, kStarted, kNow), Verdict::Alive);
  EXPECT_EQ(judge_heartbeat(milliseconds{5001}, kStarted, kNow), Verdict::Abort);
  EXPECT_EQ(judge_heartbeat(milliseconds{7000}, kStarted, kNow), Verdict::Abort);
  EXPECT_EQ(judge_heartbeat(milliseconds{7001}, kStarted, kNow), Verdict::Kill);
}

TEST(HeartbeatVerdict, NobodyIsJudgedInItsFirstTenSeconds) {
  EXPECT_EQ(judge_heartbeat(milliseconds{9999}, kStarted, kStarted + 9'999), Verdict::Alive);
  EXPECT_EQ(judge_heartbeat(milliseconds{10'000}, kStarted, kStarted + 10'000), Verdict::Kill);
}

TEST(CheckTimer, JudgesWhileChecksComeInTime) {
  CheckTimer timer(kNow);
  EXPECT_TRUE(timer.may_judge(kNow + 500));
  EXPECT_TRUE(timer.may_judge(kNow + 3000)) << "two seconds late are allowed";
}

TEST(CheckTimer, AfterAStandstillEverybodyHasTimeToBeatAgain) {
  CheckTimer timer(kNow);
  const std::int64_t woken = kNow + 10'000;
  EXPECT_FALSE(timer.may_judge(woken));
  EXPECT_FALSE(timer.may_judge(woken + 500));
  EXPECT_FALSE(timer.may_judge(woken + 2500));
  EXPECT_FALSE(timer.may_judge(woken + 4999));
  EXPECT_TRUE(timer.may_judge(woken + 5000));
}

}  // namespace
}  // namespace rookery::master
