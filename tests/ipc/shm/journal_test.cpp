// Values that change by way of a journal: whenever their owner dies, each is as before its newest change or as after
// it, and what a stray write has hit is seen.
#include "ipc/shm/journal.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstring>
#include <random>
#include <set>

#include "ipc/shm/segment.h"
#include "tests/ipc/os/waiting.h"
#include "tests/ipc/shm/records.h"

namespace rookery::shm {
namespace {

constexpr std::size_t kPlaces = 5;

// Six words of which one tells what the others must be.
struct Sixfold {
  std::array<std::uint64_t, 6> words{};

  static Sixfold of(std::uint64_t number) {
    Sixfold value;
    for (std::size_t i = 0; i < 6; ++i) value.words[i] = i == 0 ? number : testing::scattered(number + i);
    return value;
  }
  [[nodiscard]] bool whole() const { return words == of(words[0]).words; }
};

struct Memory {
  Journal<Sixfold> journal;
  std::array<JournaledValue<Sixfold>, kPlaces> places;
};
static_assert(sizeof(JournaledValue<Sixfold>) == 56 && sizeof(Journal<Sixfold>) == 64);

// What an heir believes of a place.
std::optional<Sixfold> believed(const Memory& memory, std::uint64_t place) {
  const auto last = memory.journal.last();
  if (last && last->place == place) return last->value;
  return memory.places[place].load_inherited(place);
}

TEST(JournalTest, FreshMemoryHoldsNothing) {
  const Memory memory{};
  EXPECT_FALSE(memory.journal.last());
  EXPECT_FALSE(memory.places[0].load_inherited(0));
}

TEST(JournalTest, EachPlaceHasItsNewestValue) {
  Memory memory{};
  for (std::uint64_t number = 1; number <= 12; ++number)
    memory.journal.store(memory.places[number % kPlaces], number % kPlaces, Sixfold::of(number));
  for (std::uint64_t place = 0; place < kPlaces; ++place) {
    const std::uint64_t newest = place <= 2 ? 10 + place : 5 + place;
    EXPECT_EQ(memory.places[place].load_inherited(place).value().words[0], newest);
    EXPECT_EQ(memory.places[place].glance().words[0], newest);
  }
  EXPECT_EQ(memory.journal.last()->place, 2U);
  EXPECT_FALSE(memory.places[1].load_inherited(2)) << "it is another place's";
}

TEST(JournalTest, AStrayWriteIsSeen) {
  Memory memory{};
  memory.journal.store(memory.places[3], 3, Sixfold::of(9));
  auto* const words = reinterpret_cast<std::uint64_t*>(&memory);
  for (std::size_t word = 0; word < sizeof(Journal<Sixfold>) / 8; ++word) {
    words[word] ^= 1U << (word * 3);
    EXPECT_FALSE(memory.journal.last()) << word;
    words[word] ^= 1U << (word * 3);
  }
  auto* const place = reinterpret_cast<std::uint64_t*>(&memory.places[3]);
  for (std::size_t word = 0; word < sizeof(JournaledValue<Sixfold>) / 8; ++word) {
    place[word] ^= 1U << (word * 3);
    EXPECT_FALSE(memory.places[3].load_inherited(3)) << word;
    place[word] ^= 1U << (word * 3);
  }
}

// A death after each of the stores of a change, which are made in order: journal, then place.
TEST(JournalTest, ADeathAtAnyStoreLeavesTheValueBeforeOrAfter) {
  Memory before{};
  before.journal.store(before.places[1], 1, Sixfold::of(100));
  before.journal.store(before.places[4], 4, Sixfold::of(400));
  Memory after{};
  std::memcpy(static_cast<void*>(&after), static_cast<const void*>(&before), sizeof after);
  after.journal.store(after.places[1], 1, Sixfold::of(101));
  std::set<std::uint64_t> seen;
  Memory memory{};
  std::memcpy(static_cast<void*>(&memory), static_cast<const void*>(&before), sizeof memory);
  const auto* const from = reinterpret_cast<const std::uint64_t*>(&after);
  auto* const to = reinterpret_cast<std::uint64_t*>(&memory);
  const auto step = [&](std::size_t word) {
    to[word] = from[word];
    ASSERT_TRUE(believed(memory, 1)) << word;
    seen.insert(believed(memory, 1)->words[0]);
    EXPECT_EQ(believed(memory, 4).value().words[0], 400U) << word;
    Memory heir{};
    std::memcpy(static_cast<void*>(&heir), static_cast<const void*>(&memory), sizeof heir);
    if (const auto last = heir.journal.last()) heir.journal.repair(heir.places[last->place]);
    heir.journal.store(heir.places[0], 0, Sixfold::of(7));
    EXPECT_EQ(believed(heir, 1).value().words[0], believed(memory, 1)->words[0]) << word;
    EXPECT_EQ(believed(heir, 4).value().words[0], 400U) << word;
  };
  to[0] = ~std::uint64_t{0};  // no place
  for (std::size_t word = 1; word < sizeof(Journal<Sixfold>) / 8; ++word) step(word);
  step(0);
  const std::size_t place = sizeof(Journal<Sixfold>) / 8 + sizeof(JournaledValue<Sixfold>) / 8;
  for (std::size_t word = 0; word < sizeof(JournaledValue<Sixfold>) / 8; ++word) step(place + word);
  EXPECT_EQ(seen, (std::set<std::uint64_t>{100, 101}));
}

// Half of the new entry over half of the old one may have the old one's checksum.
TEST(JournalTest, HalfAnEntryIsNoneWhateverItAddsUpTo) {
  Memory memory{};
  Sixfold value = Sixfold::of(7);
  memory.journal.store(memory.places[2], 2, value);
  memory.journal.store(memory.places[4], 4, value);
  const auto* const entry = reinterpret_cast<const std::uint64_t*>(&memory.journal) + 1;
  value.words[0] += 2;
  value.words[1] += 1;
  Memory torn{};
  std::memcpy(static_cast<void*>(&torn), static_cast<const void*>(&memory), sizeof torn);
  memory.journal.store(memory.places[2], 2, value);
  auto* const words = reinterpret_cast<std::uint64_t*>(&torn);
  words[0] = ~std::uint64_t{0};
  for (std::size_t word = 0; word < 7; ++word) {
    words[1 + word] = entry[word];
    EXPECT_FALSE(torn.journal.last()) << word;
    EXPECT_EQ(believed(torn, 2).value().words[0], 7U);
  }
}

TEST(JournalTest, AKilledOwnerLeavesWholeValues) {
  struct Shared {
    Memory memory;
    std::atomic<std::uint64_t> told;  // number of the newest change that was made for certain
  };
  const Segment segment("journal-test", sizeof(Shared));
  ASSERT_TRUE(reserve(segment.writer_descriptor(), 0, segment.size_bytes()));
  const Mapping mapping(segment.writer_descriptor(), Access::ReadWrite, segment.size_bytes());
  Shared& shared = *mapping.at<Shared>(0);
  std::minstd_rand random(11);
  for (int round = 0; round < testing::kill_rounds(200); ++round) {
    const std::uint64_t before = shared.told.load();
    os::Process owner = os::Process::spawn([&shared, before] {
      if (const auto last = shared.memory.journal.last())
        shared.memory.journal.repair(shared.memory.places[last->place]);
      for (std::uint64_t number = before + 1;; ++number) {
        shared.memory.journal.store(shared.memory.places[number % kPlaces], number % kPlaces, Sixfold::of(number));
        shared.told.store(number, std::memory_order_release);
      }
      return 0;
    });
    ASSERT_TRUE(testing::true_in_time([&] { return shared.told.load() > before + kPlaces; }));
    testing::spin(random() % 5000);
    ASSERT_TRUE(testing::killed_in_time(owner));
    const std::uint64_t told = shared.told.load();
    for (std::uint64_t number = told - kPlaces + 1; number <= told; ++number) {
      const auto value = believed(shared.memory, number % kPlaces);
      ASSERT_TRUE(value) << "round " << round;
      ASSERT_TRUE(value->whole()) << "round " << round;
      const std::uint64_t found = value->words[0];
      const bool next = number % kPlaces == (told + 1) % kPlaces && found == told + 1;
      ASSERT_TRUE(found == number || next) << found << " in the place of " << number << ", round " << round;
    }
  }
}

}  // namespace
}  // namespace rookery::shm
