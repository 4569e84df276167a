#include "ipc/shm/committed_value.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <random>
#include <thread>

#include "ipc/shm/segment.h"
#include "tests/ipc/os/waiting.h"
#include "tests/ipc/shm/records.h"

namespace rookery::shm {
namespace {

// Seven words of which one tells what the others must be.
struct Sevenfold {
  std::array<std::uint64_t, 7> words{};

  static Sevenfold of(std::uint64_t number) {
    Sevenfold value;
    value.words[0] = number;
    for (std::size_t i = 1; i < 7; ++i) value.words[i] = number == 0 ? 0 : testing::scattered(number + i);
    return value;
  }
  [[nodiscard]] bool whole() const { return words == of(words[0]).words; }
  [[nodiscard]] std::uint64_t number() const { return words[0]; }
};

using Value = CommittedValue<Sevenfold>;
static_assert(sizeof(Value) == 8 + 2 * 56);

std::uint64_t* words_of(Value& value) {
  return reinterpret_cast<std::uint64_t*>(&value);
}

TEST(CommittedValueTest, ZeroedMemoryIsAZeroedValue) {
  Value value{};
  ASSERT_TRUE(value.load());
  EXPECT_EQ(value.load()->number(), 0U);
  EXPECT_EQ(value.load_own().number(), 0U);
}

TEST(CommittedValueTest, VersionThenTheEvenCopyThenTheOddOne) {
  Value value{};
  value.store(Sevenfold::of(1));
  value.store(Sevenfold::of(2));
  const std::uint64_t* words = words_of(value);
  EXPECT_EQ(words[0], 2U);
  EXPECT_EQ(std::memcmp(words + 1, Sevenfold::of(2).words.data(), 56), 0);
  EXPECT_EQ(std::memcmp(words + 8, Sevenfold::of(1).words.data(), 56), 0);
  EXPECT_EQ(value.load()->number(), 2U);
  EXPECT_EQ(value.load_own().number(), 2U);
}

TEST(CommittedValueTest, DeathInMidChangeLeavesTheOldValueAndTheSuccessorGoesOn) {
  Value value{};
  value.store(Sevenfold::of(1));
  for (std::size_t written = 0; written < 7; ++written) {
    words_of(value)[1 + written] = 0x4141414141414141;  // the spare copy, word by word
    ASSERT_TRUE(value.load()->whole());
    EXPECT_EQ(value.load()->number(), 1U);
    EXPECT_EQ(value.load_own().number(), 1U);
  }
  value.store(Sevenfold::of(2));
  EXPECT_TRUE(value.load()->whole());
  EXPECT_EQ(value.load()->number(), 2U);
}

TEST(CommittedValueTest, ReadersSeeWholeValuesThatNeverGoBack) {
  Value value{};
  std::atomic<bool> stop = false;
  std::jthread owner([&] {
    for (std::uint64_t number = 1; !stop.load(std::memory_order_relaxed); ++number) {
      value.store(Sevenfold::of(number));
      if (number % 4 == 0) testing::spin(number % 200);
    }
  });
  std::uint64_t last = 0;
  std::uint64_t changes = 0;
  bool torn = false;
  bool back = false;
  EXPECT_TRUE(testing::true_in_time([&] {
    const auto seen = value.load();
    if (!seen) return false;  // allowed: the owner did not hold still
    torn = torn || !seen->whole();
    back = back || seen->number() < last;
    if (seen->number() != last) ++changes;
    last = seen->number();
    return torn || back || changes > 5'000;
  }));
  stop.store(true);
  EXPECT_FALSE(torn);
  EXPECT_FALSE(back);
}

TEST(CommittedValueTest, AKilledOwnerLeavesAWholeValue) {
  struct Shared {
    Value value;
    std::atomic<std::uint64_t> told;  // number of the newest change that was made for certain
  };
  const Segment segment("committed-value-test", sizeof(Shared));
  ASSERT_TRUE(reserve(segment.writer_descriptor(), 0, segment.size_bytes()));
  const Mapping mapping(segment.writer_descriptor(), Access::ReadWrite, segment.size_bytes());
  const Mapping read_only(segment.reader_descriptor(), Access::ReadOnly, segment.size_bytes());
  Shared& shared = *mapping.at<Shared>(0);
  std::minstd_rand random(7);
  for (int round = 0; round < testing::kill_rounds(200); ++round) {
    const auto before = shared.told.load();
    os::Process owner = os::Process::spawn([&shared] {
      for (std::uint64_t number = shared.value.load_own().number() + 1;; ++number) {
        shared.value.store(Sevenfold::of(number));
        shared.told.store(number, std::memory_order_release);
      }
      return 0;
    });
    ASSERT_TRUE(testing::true_in_time([&] { return shared.told.load() > before; }));
    testing::spin(random() % 5000);
    ASSERT_TRUE(testing::killed_in_time(owner));
    const auto left = read_only.at<const Shared>(0)->value.load();
    ASSERT_TRUE(left);
    ASSERT_TRUE(left->whole()) << "round " << round;
    ASSERT_GE(left->number(), shared.told.load());
    ASSERT_LE(left->number(), shared.told.load() + 1);
  }
}

}  // namespace
}  // namespace rookery::shm
