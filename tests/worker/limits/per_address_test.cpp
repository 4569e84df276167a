// What is counted by address: rooms that were made there and still exist, bytes that were stored.
#include <gtest/gtest.h>

#include <vector>

#include "worker/limits/room_makers.h"
#include "worker/limits/stored_bytes.h"

namespace rookery::worker {
namespace {

constexpr std::uint64_t kAnn = 1ULL << 40;
constexpr std::uint64_t kBen = 2ULL << 40;

TEST(RoomMakersTest, CountsRoomsUntilTheyEndAndForgetsAPredecessors) {
  std::vector<shm::CountTable::Word> words(shm::CountTable::entries_for(16));
  const shm::CountTable counts(words.data(), words.size());
  {
    RoomMakers makers(counts);
    makers.made(3, kAnn);
    makers.made(4, kAnn);
    makers.made(5, kBen);
    EXPECT_EQ(counts.count(kAnn), 2U);
    makers.ended(3);
    makers.ended(3);
    makers.ended(99);
    EXPECT_EQ(counts.count(kAnn), 1U);
    makers.made(4, kBen);  // its number was given on
    EXPECT_EQ(counts.count(kAnn), 0U);
    EXPECT_EQ(counts.count(kBen), 2U);
  }
  const RoomMakers successor(counts);
  EXPECT_EQ(counts.count(kBen), 0U);
}

TEST(StoredBytesTest, AnHoursWorthAtOnceThenEvenly) {
  constexpr std::uint64_t kAnHour = 3'600'000;  // a thousand a second
  StoredBytes stored(16);
  auto now = os::Monotonic::now();
  std::uint64_t taken = 0;
  for (; stored.may_store(kAnn, now); taken += 1000) stored.add(kAnn, 1000, now, kAnHour);
  EXPECT_EQ(taken, kAnHour);
  EXPECT_TRUE(stored.may_store(kBen, now)) << "another address";
  for (std::uint64_t later = 0; later < 100; ++later) {
    now += std::chrono::milliseconds(999);
    ASSERT_TRUE(stored.may_store(kAnn, now));
    stored.add(kAnn, 1000, now, kAnHour);
    ASSERT_FALSE(stored.may_store(kAnn, now));
  }
  now += std::chrono::hours(2);
  taken = 0;
  for (; stored.may_store(kAnn, now); taken += 1000) stored.add(kAnn, 1000, now, kAnHour);
  EXPECT_EQ(taken, kAnHour) << "no more than an hour's worth is saved up";
}

TEST(StoredBytesTest, WhoHasTakenMostIsForgottenLast) {
  constexpr std::uint64_t kAnHour = 1000;
  StoredBytes stored(16);
  const auto now = os::Monotonic::now();
  constexpr std::uint64_t kGreedy = 16;
  stored.add(kGreedy, kAnHour, now, kAnHour);
  for (std::uint64_t other = 2; other < 1000; ++other) stored.add(16 * other, 1, now, kAnHour);  // all in one set
  EXPECT_FALSE(stored.may_store(kGreedy, now));
}

}  // namespace
}  // namespace rookery::worker
