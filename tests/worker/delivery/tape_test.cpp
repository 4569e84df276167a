// The tape as the delivery code relies on it: entries named by log positions, bytes contiguous, the old end dropped.

#include "worker/delivery/tape.h"

#include <gtest/gtest.h>

namespace rookery::worker {
namespace {

void put(Tape& tape, std::uint64_t position, std::string_view bytes) {
  tape.open(position) += bytes;
  tape.seal();
}

TEST(Tape, HoldsEntriesOneBehindTheOther) {
  Tape tape;
  put(tape, 10, "one\n");
  put(tape, 20, "three\n");
  put(tape, 35, "x\n");

  EXPECT_EQ(tape.entries(), 3U);
  EXPECT_EQ(tape.bytes(0, 3), "one\nthree\nx\n");
  EXPECT_EQ(tape.bytes(1, 2), "three\n");
  EXPECT_EQ(tape.bytes(2, 2), "");
  EXPECT_EQ(tape.position(1), 20U);
}

TEST(Tape, CountsItsMemoryAndKeepsABufferOnlyWhileThereIsPlenty) {
  TapeMemory memory;
  const std::string message(1000, 'm');
  {
    Tape tape;
    tape.count_in(memory);
    for (std::uint64_t i = 0; i < 40; ++i) put(tape, i, message);
    EXPECT_GE(memory.bytes, 40 * message.size());
    EXPECT_LT(memory.bytes, 3 * 40 * message.size());
    tape.drop(39);
    tape.shrink();
    EXPECT_GE(memory.bytes, message.size());
    EXPECT_LT(memory.bytes, 3 * message.size());
    for (std::uint64_t i = 0; i < 20; ++i) put(tape, i, message);
    tape.clear();
    EXPECT_GE(memory.bytes, 20 * message.size()) << "kept for the next message";
    memory.most = memory.bytes;
    put(tape, 1, message);
    tape.clear();
    EXPECT_LT(memory.bytes, 100U) << "given back where it is short";
    put(tape, 2, message);
  }
  EXPECT_EQ(memory.bytes, 0U) << "a tape that ends";
}

TEST(Tape, WhereMemoryIsShortABufferDoesNotDoubleAndIsNotGivenBackForALittle) {
  TapeMemory memory;
  memory.most = 64 * 1024;
  const std::string message(1000, 'm');
  Tape tape;
  tape.count_in(memory);
  std::uint64_t position = 0;
  while (tape.size_bytes() < memory.most) put(tape, position++, message);
  for (int times = 0; times < 100; ++times) {
    const char* const before = tape.bytes(0, 1).data();
    tape.shrink();
    ASSERT_EQ(tape.bytes(0, 1).data(), before) << "copied for little, to be copied again for the next message";
    put(tape, position++, message);
    ASSERT_LT(memory.bytes, tape.size_bytes() / 4 * 5) << "with what its entries take";
  }
  tape.drop(tape.entries() / 2);
  tape.shrink();
  EXPECT_LT(memory.bytes, tape.size_bytes() / 4 * 5);
}

TEST(Tape, FindsEntriesByPositionAndByByte) {
  Tape tape;
  put(tape, 10, "one\n");
  put(tape, 20, "three\n");
  put(tape, 35, "x\n");

  EXPECT_EQ(tape.first_from(0), 0U);
  EXPECT_EQ(tape.first_from(10), 0U);
  EXPECT_EQ(tape.first_from(11), 1U);
  EXPECT_EQ(tape.first_from(35), 2U);
  EXPECT_EQ(tape.first_from(36), 3U) << "nothing from there on";

  EXPECT_EQ(tape.entry_at(0, 0), 0U);
  EXPECT_EQ(tape.entry_at(3, 0), 0U) << "the last byte of an entry belongs to it";
  EXPECT_EQ(tape.entry_at(4, 0), 1U);
  EXPECT_EQ(tape.entry_at(11, 1), 2U);
}

TEST(Tape, RemembersWhatTheLastFlushHadNotSeen) {
  Tape tape;
  put(tape, 1, "a");
  EXPECT_EQ(tape.unflushed(), 0U);
  tape.mark_flushed();
  put(tape, 2, "b");
  EXPECT_EQ(tape.unflushed(), 1U);
  EXPECT_EQ(tape.bytes(tape.unflushed(), tape.entries()), "b");
}

TEST(Tape, DropsWholeEntriesFromItsOldEnd) {
  Tape tape;
  for (std::uint64_t i = 0; i < 10; ++i) put(tape, i, "1234567890");
  tape.mark_flushed();
  put(tape, 10, "new");

  EXPECT_EQ(tape.excess(1000), 0U);
  const std::size_t drop = tape.excess(25);
  EXPECT_EQ(drop, 8U) << "103 bytes: eight entries of ten must go for at most 25 to be left";
  tape.drop(drop);
  EXPECT_LE(tape.size_bytes(), 25U);
  EXPECT_EQ(tape.entries(), 3U);
  EXPECT_EQ(tape.position(0), 8U);
  EXPECT_EQ(tape.bytes(0, 3), "12345678901234567890new");
  EXPECT_EQ(tape.unflushed(), 2U) << "the new entry is still new";
  EXPECT_EQ(tape.first_from(3), 0U) << "who was at a dropped entry goes on at the oldest kept";
}

TEST(Tape, IsEmptyAfterClear) {
  Tape tape;
  put(tape, 1, std::string(200'000, 'x'));
  tape.mark_flushed();
  tape.clear();
  EXPECT_EQ(tape.entries(), 0U);
  EXPECT_EQ(tape.size_bytes(), 0U);
  EXPECT_EQ(tape.unflushed(), 0U);
  put(tape, 2, "y");
  EXPECT_EQ(tape.bytes(0, 1), "y");
}

}  // namespace
}  // namespace rookery::worker
