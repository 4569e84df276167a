// Timestamps against std::chrono's calendar and by hand.
#include "ipc/wire/timestamp.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>

namespace rookery::wire {
namespace {

std::string timestamp(std::int64_t milliseconds) {
  std::string out;
  append_timestamp(out, milliseconds);
  return out;
}

TEST(Timestamp, KnownMoments) {
  EXPECT_EQ(timestamp(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(timestamp(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(timestamp(951827696789), "2000-02-29T12:34:56.789Z");
  EXPECT_EQ(timestamp(1795255200123), "2026-11-21T10:00:00.123Z");
  EXPECT_EQ(timestamp(4107542399999), "2100-02-28T23:59:59.999Z");
  EXPECT_EQ(timestamp(4107542400000), "2100-03-01T00:00:00.000Z");
}

TEST(Timestamp, TheWidthNeverChanges) {
  EXPECT_EQ(timestamp(-62167219200000), "0000-01-01T00:00:00.000Z");
  EXPECT_EQ(timestamp(-62167219200001), "0000-01-01T00:00:00.000Z");
  EXPECT_EQ(timestamp(253402300799999), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(timestamp(253402300800000), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(timestamp(std::numeric_limits<std::int64_t>::min()), "0000-01-01T00:00:00.000Z");
  EXPECT_EQ(timestamp(std::numeric_limits<std::int64_t>::max()), "9999-12-31T23:59:59.999Z");
}

TEST(Timestamp, EveryDayOfTenThousandYearsHasItsDate) {
  using namespace std::chrono;
  const sys_days last = year{9999} / December / 31;
  for (sys_days day = year{0} / January / 1; day <= last; day += days{1}) {
    const year_month_day date{day};
    const auto moment = duration_cast<milliseconds>(day.time_since_epoch()).count() + 86399999;
    const auto text = format_timestamp(moment);
    const auto digits = [&text](std::size_t at, std::size_t count) {
      int value = 0;
      for (std::size_t i = at; i < at + count; ++i) value = value * 10 + (text[i] - '0');
      return value;
    };
    ASSERT_EQ(digits(0, 4), static_cast<int>(date.year()));
    ASSERT_EQ(digits(5, 2), static_cast<int>(static_cast<unsigned>(date.month())));
    ASSERT_EQ(digits(8, 2), static_cast<int>(static_cast<unsigned>(date.day())));
    ASSERT_EQ(std::string_view(text.data() + 10, 14), "T23:59:59.999Z");
  }
}

}  // namespace
}  // namespace rookery::wire
