// Counting failures with a memory of fixed size.
#include "worker/limits/failure_table.h"

#include <gtest/gtest.h>

namespace rookery::worker {
namespace {

using std::chrono::seconds;
using Time = FailureTable::Time;

const Time kStart = Time{} + std::chrono::hours(1);

TEST(FailureTableTest, CountsForgetsAndTellsKeysApart) {
  FailureTable table(16);
  for (int i = 0; i < 8; ++i) table.add(1, kStart);
  EXPECT_EQ(table.count(1, kStart), 8U);
  EXPECT_EQ(table.newest(1), kStart);
  EXPECT_EQ(table.count(17, kStart), 0U) << "the same set, another key";
  EXPECT_EQ(table.count(1, kStart + seconds{59}), 8U);
  EXPECT_EQ(table.count(1, kStart + seconds{60}), 4U);
  EXPECT_EQ(table.count(1, kStart + seconds{240}), 0U);
  EXPECT_EQ(table.count(1, kStart + std::chrono::hours(10'000)), 0U);
}

TEST(FailureTableTest, ManyFailuresAreNotRememberedForEver) {
  FailureTable table(16);
  for (int i = 0; i < 100'000; ++i) table.add(1, kStart);
  EXPECT_EQ(table.count(1, kStart + seconds{300}), 0U);
}

TEST(FailureTableTest, WhereRoomIsShortTheOldestGoes) {
  FailureTable table(1);
  for (std::uint64_t key = 1; key <= 5; ++key) table.add(key, kStart + seconds{key});
  EXPECT_EQ(table.count(1, kStart + seconds{5}), 0U);
  for (std::uint64_t key = 2; key <= 5; ++key) EXPECT_EQ(table.count(key, kStart + seconds{5}), 1U) << key;
}

}  // namespace
}  // namespace rookery::worker
