#include "master/ledger/calendar.h"

#include <gtest/gtest.h>

namespace rookery::ledger {
namespace {

constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kDay = 86'400 * kSecond;
constexpr std::int64_t kTenYears = 3650 * kDay;
constexpr std::int64_t kBoot = 1'700'000'000'000;  // when the machine started

class CalendarTest : public testing::Test {
 protected:
  // So long after boot, with a clock that is ahead.
  static Calendar::Clocks at(std::int64_t since_boot_ms, std::int64_t ahead_ms = 0) {
    return {kBoot + since_boot_ms + ahead_ms, since_boot_ms};
  }
  static std::int64_t true_date(std::int64_t since_boot_ms) { return kBoot + since_boot_ms; }

  chat::ClockTrust kept_{};
  Calendar calendar_{kept_};
};

TEST_F(CalendarTest, IsTheClockAsLongAsThatCountsOn) {
  for (std::int64_t now : {5 * kSecond, 6 * kSecond, kDay, 400 * kDay}) {
    EXPECT_EQ(calendar_.date_ms(at(now)), true_date(now));
    EXPECT_TRUE(calendar_.is_certain(at(now)));
  }
}

TEST_F(CalendarTest, AJumpThatDoesNotLastChangesNoDate) {
  for (const std::int64_t jump : {kTenYears, -kTenYears, 5 * kSecond}) {
    chat::ClockTrust kept{};
    Calendar calendar(kept);
    EXPECT_EQ(calendar.date_ms(at(10 * kSecond)), true_date(10 * kSecond));
    EXPECT_EQ(calendar.date_ms(at(11 * kSecond, jump)), true_date(11 * kSecond));
    EXPECT_FALSE(calendar.is_certain(at(12 * kSecond, jump)));
    EXPECT_EQ(calendar.date_ms(at(13 * kSecond)), true_date(13 * kSecond));
    EXPECT_FALSE(calendar.is_certain(at(14 * kSecond))) << "for a day";
    EXPECT_FALSE(calendar.is_certain(at(kDay)));
    EXPECT_TRUE(calendar.is_certain(at(kDay + 12 * kSecond)));
  }
}

TEST_F(CalendarTest, AJumpThatLastsIsBelieved) {
  EXPECT_EQ(calendar_.date_ms(at(10 * kSecond)), true_date(10 * kSecond));
  EXPECT_EQ(calendar_.date_ms(at(20 * kSecond, kDay)), true_date(20 * kSecond));
  EXPECT_EQ(calendar_.date_ms(at(79 * kSecond, kDay)), true_date(79 * kSecond));
  EXPECT_EQ(calendar_.date_ms(at(80 * kSecond, kDay)), true_date(80 * kSecond) + kDay);
  EXPECT_EQ(calendar_.date_ms(at(90 * kSecond, kDay)), true_date(90 * kSecond) + kDay);
  EXPECT_FALSE(calendar_.is_certain(at(90 * kSecond, kDay)));
}

TEST_F(CalendarTest, NothingEndsWhileTheDateIsUncertain) {
  const std::int64_t soon = true_date(30 * kSecond);
  EXPECT_EQ(calendar_.ended_by_ms(at(10 * kSecond)), true_date(10 * kSecond));
  EXPECT_LT(calendar_.ended_by_ms(at(20 * kSecond, kTenYears)), soon);
  EXPECT_LT(calendar_.ended_by_ms(at(100 * kSecond, kTenYears)), soon) << "it is believed, and may be wrong";
  EXPECT_LT(calendar_.ended_by_ms(at(200 * kSecond)), soon) << "it was wrong";
  EXPECT_LT(calendar_.ended_by_ms(at(kDay)), soon);
  EXPECT_EQ(calendar_.ended_by_ms(at(2 * kDay)), true_date(2 * kDay)) << "what was to end long ago ends now";
}

TEST_F(CalendarTest, AClockThatJumpsAgainAndAgainIsNotBelieved) {
  EXPECT_EQ(calendar_.date_ms(at(10 * kSecond)), true_date(10 * kSecond));
  for (std::int64_t now = 20; now < 200; now += 10)
    EXPECT_EQ(calendar_.date_ms(at(now * kSecond, now * kDay)), true_date(now * kSecond));
}

TEST_F(CalendarTest, ASuccessorGoesOnWhereADeadLedgerWas) {
  EXPECT_EQ(calendar_.date_ms(at(10 * kSecond)), true_date(10 * kSecond));
  EXPECT_EQ(calendar_.date_ms(at(11 * kSecond, kTenYears)), true_date(11 * kSecond));
  Calendar successor(kept_);
  EXPECT_EQ(successor.date_ms(at(12 * kSecond, kTenYears)), true_date(12 * kSecond));
  EXPECT_FALSE(successor.is_certain(at(13 * kSecond)));
}

}  // namespace
}  // namespace rookery::ledger
