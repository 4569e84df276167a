// The index against a std::map, with hashes that crowd at the same places; what a death in the middle of a removal
// leaves; a reader beside a writer under which entries move.
#include "ipc/shm/hash_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <thread>
#include <vector>

namespace rookery::shm {
namespace {

constexpr unsigned kTagShift = 24;
const auto kAnyNumber = [](std::uint32_t) { return true; };

struct NumbersByHash {
  explicit NumbersByHash(std::uint64_t numbers)
      : words(HashIndex::words_for(numbers)), index(words.data(), words.size()), homes(words.size() - 1) {}

  [[nodiscard]] std::optional<std::uint32_t> find(std::uint64_t hash) const { return index.find(hash, kAnyNumber); }
  [[nodiscard]] std::size_t used() const {
    std::size_t sum = 0;
    for (std::size_t i = 1; i < words.size(); ++i)
      if (words[i].load() != 0) ++sum;
    return sum;
  }

  std::vector<HashIndex::Word> words;
  HashIndex index;
  std::uint64_t homes;
};

// Few homes for many hashes, some at the end, so that runs wrap.
std::vector<std::uint64_t> crowded_hashes(std::uint64_t count, std::uint64_t homes) {
  std::vector<std::uint64_t> hashes;
  for (std::uint64_t i = 0; i < count; ++i) hashes.push_back(((i + 1) * 64 * homes + homes - 1 - i % 5) << kTagShift);
  return hashes;
}

TEST(HashIndexTest, FindsWhatAMapFinds) {
  constexpr std::uint32_t kNumbers = 48;
  NumbersByHash table(kNumbers);
  const auto hashes = crowded_hashes(kNumbers, table.homes);
  std::map<std::uint64_t, std::uint32_t> model;
  std::mt19937_64 random(7);
  for (int step = 0; step < 200'000; ++step) {
    const auto number = static_cast<std::uint32_t>(random() % kNumbers);
    if (random() % 2 == 0) {
      ASSERT_TRUE(table.index.insert(hashes[number], number));
      model[hashes[number]] = number;
    } else {
      table.index.remove(hashes[number], number);
      model.erase(hashes[number]);
    }
    const std::uint64_t asked = hashes[random() % kNumbers];
    const auto found = table.find(asked);
    ASSERT_EQ(found.has_value(), model.count(asked) == 1) << "step " << step;
    if (found) {
      ASSERT_EQ(*found, model[asked]);
    }
    ASSERT_EQ(table.used(), model.size()) << "step " << step;
  }
}

TEST(HashIndexTest, TwoWithOneHashAreToldApartByTheCaller) {
  NumbersByHash table(8);
  ASSERT_TRUE(table.index.insert(99ULL << kTagShift, 3));
  ASSERT_TRUE(table.index.insert(99ULL << kTagShift, 5));
  for (const std::uint32_t wanted : {3U, 5U})
    EXPECT_EQ(table.index.find(99ULL << kTagShift, [&](std::uint32_t number) { return number == wanted; }), wanted);
  EXPECT_FALSE(table.index.find(99ULL << kTagShift, [](std::uint32_t) { return false; }));
}

TEST(HashIndexTest, NamesThatComeAndGoLeaveNothingAndNoLookGetsLonger) {
  constexpr std::uint32_t kStaying = 1000;
  NumbersByHash table(2 * kStaying);
  std::mt19937_64 random(11);
  std::vector<std::uint64_t> staying;
  for (std::uint32_t i = 0; i < kStaying; ++i) {
    staying.push_back(random());
    ASSERT_TRUE(table.index.insert(staying.back(), i));
  }
  const auto most_probes = [&] {
    std::uint64_t most = 0;
    std::mt19937_64 absent(13);
    for (int i = 0; i < 10'000; ++i) {
      std::uint64_t probes = 0;
      EXPECT_FALSE(table.index.find(
          absent(), [](std::uint32_t) { return false; }, &probes));
      most = std::max(most, probes);
    }
    return most;
  };
  const std::uint64_t before = most_probes();
  EXPECT_LT(before, 200U) << "of " << kStaying;
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t hash = random();
    ASSERT_TRUE(table.index.insert(hash, kStaying));
    table.index.remove(hash, kStaying);
  }
  EXPECT_EQ(table.used(), kStaying);
  EXPECT_LE(most_probes(), before);
  for (std::uint32_t i = 0; i < kStaying; ++i) EXPECT_EQ(table.find(staying[i]), i);
}

// A removal is a row of stores: after each of them all the others are found, and a successor makes it whole.
TEST(HashIndexTest, ADeathInTheMiddleOfARemovalLosesNobody) {
  constexpr std::uint32_t kNumbers = 40;
  NumbersByHash before(kNumbers);
  const auto hashes = crowded_hashes(kNumbers, before.homes);
  for (std::uint32_t i = 0; i < kNumbers; ++i) ASSERT_TRUE(before.index.insert(hashes[i], i));
  NumbersByHash after(kNumbers);
  const auto copy = [](const NumbersByHash& from, NumbersByHash& to) {
    for (std::size_t i = 0; i < from.words.size(); ++i) to.words[i].store(from.words[i].load());
  };
  copy(before, after);
  constexpr std::uint32_t kGone = 4;  // its home is the one at which the runs begin
  after.index.remove(hashes[kGone], kGone);
  // Entries move up, so the stores are, in the order of the run from the gap on, where the two differ.
  std::vector<std::size_t> stores;
  std::size_t at = 0;
  while ((before.words[1 + at].load() & 0xffffff) != kGone + 1) ++at;
  for (std::size_t i = 0; i < before.homes; ++i, at = (at + 1) % before.homes)
    if (before.words[1 + at].load() != after.words[1 + at].load()) stores.push_back(1 + at);
  ASSERT_GT(stores.size(), 2U);

  NumbersByHash dead(kNumbers);
  copy(before, dead);
  for (const std::size_t place : stores) {
    dead.words[place].store(after.words[place].load());
    NumbersByHash heir(kNumbers);
    copy(dead, heir);
    for (std::uint32_t i = 0; i < kNumbers; ++i)
      if (i != kGone) {
        ASSERT_EQ(heir.find(hashes[i]), i) << "died after the store to " << place;
      }
    heir.index.remove_unless([&](std::uint32_t number, std::uint64_t tag) {
      return number != kGone && number < kNumbers && HashIndex::tag_of(hashes[number]) == tag;
    });
    for (std::uint32_t i = 0; i < kNumbers; ++i)
      if (i != kGone) {
        ASSERT_EQ(heir.find(hashes[i]), i) << "after the store to " << place;
      }
    EXPECT_FALSE(heir.find(hashes[kGone]));
    EXPECT_EQ(heir.used(), kNumbers - 1) << "nobody is there twice";
  }
}

TEST(HashIndexTest, ATableOfNonsenseEndsTheSearchAndIsMadeWhole) {
  std::mt19937_64 random(17);
  for (int round = 0; round < 100; ++round) {
    NumbersByHash table(40);
    for (auto& word : table.words) word.store(round == 0 ? ~0ULL : random() % 3 == 0 ? 0 : random());
    EXPECT_FALSE(table.index.find(123ULL << kTagShift, [](std::uint32_t number) { return number == 7; }));
    table.index.remove_unless([](std::uint32_t, std::uint64_t) { return false; });
    EXPECT_EQ(table.used(), 0U);
    ASSERT_TRUE(table.index.insert(123ULL << kTagShift, 7));
    EXPECT_EQ(table.find(123ULL << kTagShift), 7U);
  }
}

// Not a place is free, every entry would move at each removal, and half of those that are right are there.
TEST(HashIndexTest, ATableFullOfNonsenseIsMadeWholeInFewSteps) {
  constexpr std::uint32_t kNumbers = 3000;
  std::mt19937_64 random(19);
  std::vector<std::uint64_t> hashes;
  for (std::uint32_t i = 0; i < kNumbers; ++i) hashes.push_back(random());
  const auto is_right = [&](std::uint32_t number, std::uint64_t tag) {
    return number < kNumbers && HashIndex::tag_of(hashes[number]) == tag;
  };
  enum { Random, AtOneHome, RightOnesSomewhere };
  for (const auto kind : {Random, AtOneHome, RightOnesSomewhere}) {
    NumbersByHash table(kNumbers);
    for (std::size_t i = 1; i < table.words.size(); ++i) {
      std::uint64_t word = random() | 1;
      if (kind == AtOneHome) word = std::uint64_t{i} * table.homes << kTagShift | kNumbers;
      if (kind == RightOnesSomewhere && i % 2 == 0) {
        const std::uint64_t number = random() % kNumbers;
        word = HashIndex::tag_of(hashes[number]) << kTagShift | (number + 1);
      }
      table.words[i].store(word);
    }
    std::uint64_t looked = 0;
    table.index.remove_unless(is_right, &looked);
    EXPECT_LE(looked, 100 * table.homes) << "kind " << kind;
    for (std::uint32_t i = 0; i < kNumbers; ++i) ASSERT_TRUE(table.index.insert(hashes[i], i));
    EXPECT_EQ(table.used(), kNumbers);
    for (std::uint32_t i = 0; i < kNumbers; ++i) ASSERT_EQ(table.find(hashes[i]), i);
  }
}

TEST(HashIndexTest, WhatIsSoundIsNotTakenForNonsense) {
  constexpr std::uint32_t kNumbers = 12'000;  // as full as words_for() lets it be, nearly
  NumbersByHash table(kNumbers);
  std::mt19937_64 random(23);
  std::vector<std::uint64_t> hashes;
  for (std::uint32_t i = 0; i < kNumbers; ++i) {
    hashes.push_back(random());
    ASSERT_TRUE(table.index.insert(hashes.back(), i));
  }
  table.index.remove_unless([](std::uint32_t number, std::uint64_t) { return number % 2 == 0; });
  for (std::uint32_t i = 0; i < kNumbers; ++i) ASSERT_EQ(table.find(hashes[i]).has_value(), i % 2 == 0);
}

TEST(HashIndexTest, FullIsAnAnswer) {
  NumbersByHash table(2);
  std::uint32_t number = 0;
  while (number < 100 && table.index.insert(std::uint64_t{number} << kTagShift, number)) ++number;
  EXPECT_EQ(number, table.homes);
  EXPECT_FALSE(table.index.find(1000ULL << kTagShift, kAnyNumber));
}

// Others go while a reader is under way, and the one it looks for moves up to places that it has passed.
TEST(HashIndexTest, WhoMovesBehindAReadersBackIsFound) {
  NumbersByHash table(8);
  constexpr std::uint64_t kHash = 99ULL << kTagShift;
  for (std::uint32_t number = 0; number < 4; ++number) ASSERT_TRUE(table.index.insert(kHash, number));
  bool removed = false;
  const auto found = table.index.find(kHash, [&](std::uint32_t number) {
    if (number == 1 && !removed) {
      removed = true;
      for (const std::uint32_t gone : {0U, 1U}) table.index.remove(kHash, gone);
    }
    return number == 3;
  });
  EXPECT_TRUE(removed);
  EXPECT_EQ(found, 3U);
}

// One of two is always there, and others before them come and go: a reader finds the one or the other.
TEST(HashIndexTest, WhoStaysIsFoundWhileAnotherThreadWrites) {
  constexpr std::uint32_t kFillers = 24;
  constexpr std::uint32_t kOne = kFillers;
  constexpr std::uint32_t kOther = kFillers + 1;
  NumbersByHash table(kFillers + 2);
  const auto hash_of = [&](std::uint32_t number) {
    return (std::uint64_t{std::min(number, kOne)} * 64 * table.homes + 3) << kTagShift;
  };
  const auto put = [&](std::uint32_t number) {
    if (!table.index.insert(hash_of(number), number)) std::abort();
  };
  for (std::uint32_t number = 0; number <= kOne; ++number) put(number);
  std::atomic<bool> stop = false;
  std::atomic<int> rounds = 0;
  std::thread writer([&] {
    std::uint32_t goes = kOne;
    while (!stop.load()) {
      const std::uint32_t comes = goes == kOne ? kOther : kOne;
      put(comes);
      table.index.remove(hash_of(goes), goes);
      for (std::uint32_t filler = 0; filler < kFillers; filler += 5) table.index.remove(hash_of(filler), filler);
      for (std::uint32_t filler = 0; filler < kFillers; filler += 5) put(filler);
      goes = comes;
      ++rounds;
    }
  });
  const HashIndex reader(table.words.data(), table.words.size());
  // This writer is as fast as one that has run wild: for a reader that gives up, entries have moved meanwhile.
  int looks_beside_writer = 0;
  const auto finds_one = [&] {
    for (;;) {
      const std::uint64_t moves = table.words[0].load();
      const auto found = reader.find(hash_of(kOne), kAnyNumber);
      const bool moved = table.words[0].load() != moves;
      looks_beside_writer += moved ? 1 : 0;
      if (found) return *found == kOne || *found == kOther;
      if (!moved) return false;
    }
  };
  int lost = 0;
  // On one processor they hardly ever run at the same time: then it ends all the same.
  while (looks_beside_writer < 50'000 && rounds.load() < 1'000'000) lost += finds_one() ? 0 : 1;
  stop = true;
  writer.join();
  EXPECT_EQ(lost, 0);
}

}  // namespace
}  // namespace rookery::shm
