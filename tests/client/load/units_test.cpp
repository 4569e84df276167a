// tests/client/load/units_test.cpp
#include "client/load/report/units.h"

#include <gtest/gtest.h>

namespace rookery::load {
namespace {

TEST(FormatNumber, HasThreeDigitsThatMeanSomething) {
  EXPECT_EQ(format_number(0.012345), "0.0123");
  EXPECT_EQ(format_number(1.2345), "1.23");
  EXPECT_EQ(format_number(12.345), "12.3");
  EXPECT_EQ(format_number(123.45), "123");
  EXPECT_EQ(format_number(1234.5), "1,230");
  EXPECT_EQ(format_number(1234567.8), "1,230,000");
}

TEST(FormatNumber, RoundsUpIntoTheNextDigit) {
  EXPECT_EQ(format_number(9.996), "10.0");
  EXPECT_EQ(format_number(999.6), "1,000");
}

TEST(FormatNumber, LeavesSmallWholeNumbersAlone) {
  EXPECT_EQ(format_number(0), "0");
  EXPECT_EQ(format_number(1), "1");
  EXPECT_EQ(format_number(1000), "1,000");
  EXPECT_EQ(format_number(1234), "1,234");
}

TEST(FormatNumber, SaysWhenThereIsNone) {
  EXPECT_EQ(format_number(0.0 / 0.0), "?");
}

TEST(Readable, TakesTheUnitThatSuits) {
  EXPECT_EQ(readable(999, "µs"), "999 µs");
  EXPECT_EQ(readable(1240, "µs"), "1.24 ms");
  EXPECT_EQ(readable(2.5e6, "µs"), "2.50 s");
  EXPECT_EQ(readable(0.5, "µs"), "0.500 µs");
  EXPECT_EQ(readable(9.0 * 1024 * 1024 + 1000, "bytes"), "9.00 MiB");
  EXPECT_EQ(readable(123456, "/s"), "123,000/s");
  EXPECT_EQ(readable(25, "clients"), "25");
  EXPECT_EQ(readable(0.4194, "/op"), "0.419 per operation");
}

TEST(Readable, BesideALargerOneHasItsUnit) {
  EXPECT_EQ(readable_beside(512, 1024 * 10, "bytes"), "0.500 KiB");
}

TEST(ScaleFor, GivesAColumnOneUnit) {
  EXPECT_EQ(scale_for("/s", 123456).unit, "k/s");
  EXPECT_DOUBLE_EQ(scale_for("/s", 123456).factor, 1e-3);
  EXPECT_EQ(scale_for("/op", 0.08).unit, "/1,000 op");
  EXPECT_EQ(scale_for("clients", 1e9).unit, "clients");
}

TEST(WidthOf, CountsCharacters) {
  EXPECT_EQ(width_of("12 µs"), 5U);
}

}  // namespace
}  // namespace rookery::load
