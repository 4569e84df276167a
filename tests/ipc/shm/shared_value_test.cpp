#include "ipc/shm/shared_value.h"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <random>
#include <string>

#include "tests/ipc/os/waiting.h"

namespace rookery::shm {
namespace {

// Every word is the first one's multiple.
struct Row {
  std::array<std::uint64_t, 6> words{};

  static Row of(std::uint64_t number) {
    Row row;
    for (std::size_t i = 0; i < row.words.size(); ++i) row.words[i] = number * (i + 1);
    return row;
  }
  [[nodiscard]] bool whole() const { return words == of(words[0]).words; }
};

// Changes the value for ever, and lets readers in now and then.
int keep_counting(const SharedValue<Row>& value) {
  auto mine = value.writer();
  while (true) {
    const std::uint64_t number = mine.load().words[0] + 1;
    mine.store(Row::of(number));
    if (number % 4 == 0) testing::spin(number % 200);
  }
}

TEST(SharedValueTest, IsZeroAtFirst) {
  const SharedValue<Row> value("value-test");
  ASSERT_TRUE(value.reader().load());
  EXPECT_EQ(value.reader().load()->words, Row().words);
  EXPECT_EQ(value.writer().load().words, Row().words);
}

TEST(SharedValueTest, WhatOneProcessStoresAnotherLoads) {
  const SharedValue<std::uint64_t> value("value-test");
  const auto reader = value.reader();
  for (std::uint64_t number = 1; number <= 3; ++number) {
    os::Process child = os::Process::spawn([&] {
      auto mine = value.writer();
      mine.store(mine.load() * 10 + number);
      return 0;
    });
    const auto end = testing::end_in_time(child);
    ASSERT_TRUE(end && end->clean());
  }
  EXPECT_EQ(reader.load(), 123U);
}

TEST(SharedValueTest, ReadersNeverSeeHalfAChange) {
  const SharedValue<Row> value("value-test");
  os::Process child = os::Process::spawn([&] { return keep_counting(value); });
  const auto reader = value.reader();
  std::uint64_t last = 0;
  std::uint64_t changes = 0;
  bool wrong = false;
  EXPECT_TRUE(testing::true_in_time([&] {
    const auto seen = reader.load();
    if (!seen) return false;  // allowed: the writer did not hold still
    wrong = wrong || !seen->whole() || seen->words[0] < last;
    if (seen->words[0] != last) ++changes;
    last = seen->words[0];
    return wrong || changes > 200;
  }));
  EXPECT_FALSE(wrong);
  EXPECT_TRUE(testing::killed_in_time(child));
}

TEST(SharedValueTest, AWriterKilledAtAnyMomentLeavesAWholeValueAndItsSuccessorGoesOn) {
  const SharedValue<Row> value("value-test");
  const auto reader = value.reader();
  std::minstd_rand random(11);
  std::uint64_t last = 0;
  for (int round = 0; round < testing::kill_rounds(100); ++round) {
    os::Process child = os::Process::spawn([&] { return keep_counting(value); });
    ASSERT_TRUE(testing::true_in_time([&] {
      const auto seen = reader.load();
      return seen && seen->words[0] > last;
    }));
    testing::spin(random() % 5000);
    ASSERT_TRUE(testing::killed_in_time(child));
    const auto left = reader.load();
    ASSERT_TRUE(left);
    ASSERT_TRUE(left->whole()) << "round " << round;
    ASSERT_GT(left->words[0], last) << "round " << round;
    last = left->words[0];
  }
}

TEST(SharedValueTest, AReaderMapsItReadOnly) {
  const SharedValue<Row> value("value-test-rights");
  const auto reader = value.reader();
  std::ifstream maps("/proc/self/maps");
  std::string found;
  for (std::string line; std::getline(maps, line);)
    if (line.find("memfd:value-test-rights ") != std::string::npos) found += line;
  EXPECT_NE(found.find(" r--s "), std::string::npos) << found;
  EXPECT_EQ(found.find(" rw-s "), std::string::npos) << found;
}

}  // namespace
}  // namespace rookery::shm
