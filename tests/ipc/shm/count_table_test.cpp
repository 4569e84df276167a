// The table of counts against a std::map, with keys that crowd at the same places.
#include "ipc/shm/count_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace rookery::shm {
namespace {

TEST(CountTableTest, EntriesLeaveRoom) {
  for (const std::uint64_t keys : {1ULL, 2ULL, 3ULL, 100ULL, 10'000ULL, 1'000'000ULL}) {
    const std::uint64_t entries = CountTable::entries_for(keys);
    EXPECT_EQ(entries & (entries - 1), 0U);
    EXPECT_GE(entries * 3, keys * 4);
  }
}

TEST(CountTableTest, CountsWhatAMapCounts) {
  constexpr std::uint64_t kKeys = 48;
  std::vector<CountTable::Word> words(CountTable::entries_for(kKeys));
  CountTable table(words.data(), words.size());
  std::map<std::uint64_t, std::uint32_t> model;
  std::mt19937_64 random(7);
  std::vector<std::uint64_t> keys;
  // Few homes for many keys, some at the end, so that runs wrap.
  for (std::uint64_t i = 0; i < kKeys; ++i) keys.push_back(((i * 1000 * 64 + words.size() - 1 - i % 5) << 16) | 0xabcd);
  for (int step = 0; step < 200'000; ++step) {
    const std::uint64_t key = keys[random() % keys.size()];
    if (random() % 2 == 0) {
      table.add(key);
      ++model[key];
    } else {
      table.remove(key);
      if (model[key] > 0) --model[key];
    }
    const std::uint64_t asked = keys[random() % keys.size()];
    ASSERT_EQ(table.count(asked), model[asked]) << "step " << step;
  }
  for (const auto& [key, count] : model)
    for (std::uint32_t i = 0; i < count; ++i) table.remove(key);
  for (const auto& word : words) EXPECT_EQ(word.load(), 0U);
}

TEST(CountTableTest, ManyOfOneKeyAndNoOverflow) {
  std::vector<CountTable::Word> words(CountTable::entries_for(2));
  CountTable table(words.data(), words.size());
  for (int i = 0; i < 70'000; ++i) table.add(1ULL << 40);
  EXPECT_EQ(table.count(1ULL << 40), 65'535U);
  EXPECT_EQ(table.count(1ULL << 41), 0U);
  table.clear();
  EXPECT_EQ(table.count(1ULL << 40), 0U);
}

TEST(CountTableTest, ATableOfNonsenseEndsTheSearch) {
  std::vector<CountTable::Word> words(64);
  for (auto& word : words) word.store(~0ULL);
  EXPECT_EQ(CountTable(words.data(), words.size()).count(123ULL << 16), 0U);
}

}  // namespace
}  // namespace rookery::shm
