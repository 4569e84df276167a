// A name table that is read while it grows, and one whose writer is killed.
#include <gtest/gtest.h>

#include <csignal>
#include <random>
#include <string>
#include <thread>

#include "ipc/shm/name_table.h"
#include "tests/ipc/os/waiting.h"
#include "tests/ipc/shm/records.h"

namespace rookery::shm {
namespace {

constexpr std::uint64_t kMaxEntries = 1'000'000;

std::string name_of(std::uint64_t number) {
  return "name-" + std::to_string(number);
}

bool insert(NameTableWriter& writer, std::uint64_t number) {
  return writer.insert(name_of(number), number, testing::bytes_of("value " + std::to_string(number))) ==
         InsertResult::Inserted;
}

bool is_found(const NameTableReader& reader, std::uint64_t number) {
  const NameTableEntry* entry = reader.find(name_of(number));
  if (entry == nullptr || entry->id != number || entry->name_view() != name_of(number)) return false;
  return std::string(reinterpret_cast<const char*>(entry->value)) == "value " + std::to_string(number);
}

class NameTableConcurrencyTest : public ::testing::Test {
 protected:
  NameTableWriter make_writer() { return {mapping_.data(), segment_.writer_descriptor(), kMaxEntries}; }

  Segment segment_{"name-table-test", name_table_bytes(kMaxEntries)};
  Mapping mapping_{segment_.writer_descriptor(), Access::ReadWrite, segment_.size_bytes()};
};

TEST_F(NameTableConcurrencyTest, WhatIsInStaysFoundWhileTheTableGrows) {
  constexpr std::uint64_t kNames = 20'000;  // through five levels
  NameTableWriter writer = make_writer();
  const NameTableReader reader(mapping_.data(), mapping_.size_bytes());
  std::atomic<std::uint64_t> inserted = 0;
  std::atomic<bool> writer_failed = false;
  std::jthread writing([&] {
    for (std::uint64_t number = 0; number < kNames; ++number) {
      if (!insert(writer, number)) writer_failed.store(true);
      inserted.store(number + 1, std::memory_order_relaxed);  // orders nothing: the table must do that itself
    }
  });
  std::minstd_rand random(3);
  std::uint64_t found = 0;
  bool wrong = false;
  EXPECT_TRUE(testing::true_in_time([&] {
    // The very newest, through its slot alone: it may not be there yet, but if it is, it is whole.
    const std::uint64_t newest = inserted.load(std::memory_order_relaxed);
    if (reader.find(name_of(newest)) != nullptr) wrong = wrong || !is_found(reader, newest);
    const std::uint64_t count = reader.count();
    if (count > 1) {
      // The newest may be counted and not have its slot yet; all before it have theirs.
      const std::uint64_t number = random() % (count - 1);
      wrong = wrong || !is_found(reader, number) || !is_found(reader, count - 2);
      wrong = wrong || reader.entry(static_cast<std::uint32_t>(count - 1)).id != count - 1;
      wrong = wrong || reader.find("nobody-" + std::to_string(number)) != nullptr;
      ++found;
    }
    return wrong || inserted.load(std::memory_order_relaxed) == kNames;
  }));
  EXPECT_FALSE(wrong);
  EXPECT_FALSE(writer_failed.load());
  EXPECT_GT(found, 0U);
}

TEST_F(NameTableConcurrencyTest, AKilledWriterLosesNothingItHadTold) {
  const Segment told_segment("told", sizeof(std::atomic<std::uint64_t>));
  const Mapping told_mapping(told_segment.writer_descriptor(), Access::ReadWrite, told_segment.size_bytes());
  auto& told = *told_mapping.at<std::atomic<std::uint64_t>>(0);
  make_writer();
  const NameTableReader reader(mapping_.data(), mapping_.size_bytes());
  std::minstd_rand random(4);
  for (int round = 0; round < testing::kill_rounds(60); ++round) {
    const auto before = told.load();
    os::Process child = os::Process::spawn([&] {
      NameTableWriter writer = make_writer();
      for (std::uint64_t number = writer.reader().count(); number < kMaxEntries; ++number) {
        if (!insert(writer, number)) return 1;
        told.store(number + 1, std::memory_order_release);
      }
      return 0;
    });
    const auto wanted = 1 + random() % 400;
    ASSERT_TRUE(testing::true_in_time([&] { return told.load() >= before + wanted; })) << "round " << round;
    testing::spin(random() % 3000);
    ASSERT_TRUE(testing::killed_in_time(child));
    const std::uint64_t count = reader.count();
    ASSERT_GE(count, told.load());
    ASSERT_LE(count, told.load() + 1);
    for (std::uint64_t number = before; number < told.load(); ++number) ASSERT_TRUE(is_found(reader, number)) << number;
    told.store(count);
  }
  make_writer();  // the last one's newest entry may still lack its slot
  for (std::uint64_t number = 0; number < reader.count(); ++number) ASSERT_TRUE(is_found(reader, number)) << number;
}

}  // namespace
}  // namespace rookery::shm
