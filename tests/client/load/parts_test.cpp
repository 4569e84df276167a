// The small parts: texts, sequences, the schedule.
#include <gtest/gtest.h>

#include <set>

#include "client/load/engine/schedule.h"
#include "client/load/sequence.h"
#include "client/load/text.h"

namespace rookery::load {
namespace {

TEST(Texts, CarryWhoWhichAndWhen) {
  Texts texts(1, 100);
  const TextHead head{.client = 0xfffff, .number = 0xffffffffff, .moment = Nanoseconds{0xffffffffffff}};
  const std::string text(texts.make(head));
  EXPECT_EQ(text.size(), 100U);
  const auto read = Texts::head_of(text);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->client, head.client);
  EXPECT_EQ(read->number, head.number);
  EXPECT_EQ(read->moment, head.moment);
  EXPECT_TRUE(texts.is_whole(text, *read));
}

TEST(Texts, AnyOtherByteIsSeen) {
  Texts texts(1, Texts::kLeastBytes + 40);
  const TextHead head{.client = 3, .number = 17, .moment = Nanoseconds{1'000'000}};
  const std::string text(texts.make(head));
  for (std::size_t place = 0; place < text.size(); ++place) {
    std::string changed = text;
    changed[place] = changed[place] == '5' ? '6' : '5';
    const auto read = Texts::head_of(changed);
    EXPECT_TRUE(!read || !texts.is_whole(changed, *read)) << place;
  }
  EXPECT_FALSE(texts.is_whole(text + "x", head));
  EXPECT_FALSE(texts.is_whole(std::string_view(text).substr(1), head));
}

TEST(Texts, EachSeedHasItsOwnAndTheSameSeedTheSame) {
  const TextHead head{.client = 3, .number = 17, .moment = Nanoseconds{5}};
  Texts first(1, 200);
  Texts again(1, 200);
  Texts other(2, 200);
  EXPECT_EQ(first.make(head), again.make(head));
  EXPECT_NE(first.make(head), other.make(head));
}

TEST(Texts, NeighboursDiffer) {
  Texts texts(1, 64);
  std::set<std::string> fillers;
  for (std::uint64_t number = 0; number < 100; ++number)
    fillers.emplace(texts.make({.client = 1, .number = number, .moment = {}}).substr(Texts::kHeadBytes));
  EXPECT_GT(fillers.size(), 90U);
}

TEST(Sequence, TellsLostDoubledAndLateApart) {
  Sequence sequence;
  Faults faults;
  EXPECT_TRUE(sequence.take(0, faults));
  EXPECT_TRUE(sequence.take(3, faults));  // 1 and 2 are missing
  EXPECT_EQ(sequence.lost(0), 2U);
  EXPECT_TRUE(sequence.lacks(2, 0));
  EXPECT_TRUE(sequence.take(2, faults));  // late
  EXPECT_EQ(faults.out_of_order, 1U);
  EXPECT_FALSE(sequence.take(2, faults));  // and again
  EXPECT_FALSE(sequence.take(3, faults));
  EXPECT_EQ(faults.doubled, 2U);
  EXPECT_EQ(sequence.next(), 4U);
  EXPECT_EQ(sequence.lost(0), 1U);
  EXPECT_EQ(sequence.lost(10), 7U);  // 1, and 4 to 9
  EXPECT_TRUE(sequence.lacks(9, 10));
  EXPECT_FALSE(sequence.lacks(10, 10));
}

TEST(Sequence, CountsAGapTooWideToRemember) {
  Sequence sequence;
  Faults faults;
  EXPECT_TRUE(sequence.take(5'000'000'000, faults));
  EXPECT_EQ(sequence.lost(0), 5'000'000'000U);
}

// All threads' shares together are one request each 1/rate seconds, each client's as far apart as the next one's.
TEST(Schedule, TheThreadsSharesTogetherAreTheRate) {
  constexpr std::uint32_t kInitiators = 7;
  for (const std::uint32_t threads : {1U, 2U, 3U}) {
    std::set<Nanoseconds> moments;
    for (std::uint32_t thread = 0; thread < threads; ++thread) {
      Schedule schedule(1000, kInitiators, thread, threads);
      std::vector<std::uint64_t> numbers(kInitiators);
      Nanoseconds last{-1};
      while (schedule.next_due() < std::chrono::seconds{1}) {
        EXPECT_GT(schedule.next_due(), last);
        last = schedule.next_due();
        const std::uint64_t client = thread + schedule.next_place() * threads;
        ASSERT_LT(client, kInitiators);
        EXPECT_EQ(schedule.due_of(client, numbers[client]++), last);
        moments.insert(last);
        schedule.advance();
      }
    }
    ASSERT_EQ(moments.size(), 1000U) << threads;
    Nanoseconds expected{0};
    for (const Nanoseconds moment : moments) {
      EXPECT_EQ(moment, expected);
      expected += std::chrono::milliseconds{1};
    }
  }
}

TEST(Schedule, NothingIsDueWithoutARateOrWithoutClients) {
  EXPECT_EQ(Schedule(0, 5, 0, 1).next_due(), Nanoseconds::max());
  EXPECT_EQ(Schedule(100, 2, 2, 3).next_due(), Nanoseconds::max());
}

}  // namespace
}  // namespace rookery::load
