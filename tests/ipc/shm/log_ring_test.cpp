#include "ipc/shm/log_ring.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "tests/ipc/shm/records.h"

namespace rookery::shm {
namespace {

using testing::bytes_of;
using testing::text_of;

constexpr std::uint64_t kRingWords = 64;
constexpr std::size_t kWords = 2304;  // where they begin

class LogRingTest : public ::testing::Test {
 protected:
  struct alignas(64) Memory {
    std::array<std::byte, log_ring_bytes(kRingWords)> bytes{};
  };

  LogRingWriter make_writer() { return {memory_->bytes.data(), kRingWords}; }
  LogRingReader make_reader() { return {memory_->bytes.data(), memory_->bytes.size()}; }

  // The bytes as a stranger sees them.
  std::uint64_t word_at(std::size_t offset) const {
    std::uint64_t word;
    std::memcpy(&word, memory_->bytes.data() + offset, 8);
    return word;
  }
  void poke(std::size_t offset, std::uint64_t word) { std::memcpy(memory_->bytes.data() + offset, &word, 8); }

  // What the reader gives next, as text; "?" and a word where it gives none.
  std::string next(LogRingReader& reader) {
    switch (reader.read(payload_)) {
      case ReadResult::Record:
        return std::string(text_of(payload_));
      case ReadResult::Empty:
        return "?empty";
      case ReadResult::Lapped:
        return "?lapped";
    }
    return "?";
  }

  std::unique_ptr<Memory> memory_ = std::make_unique<Memory>();
  std::vector<std::byte> payload_;
};

TEST_F(LogRingTest, BytesOfHeaderAndRecord) {
  auto writer = make_writer();
  EXPECT_EQ(std::memcmp(memory_->bytes.data(), "ROOKLOG2", 8), 0);
  EXPECT_EQ(word_at(8), kRingWords);
  EXPECT_EQ(writer.append(bytes_of("hello world")), 3U);
  EXPECT_EQ(word_at(64), 3U) << "reserved_end: announced";
  EXPECT_EQ(word_at(128), 0U) << "committed_end: not published";
  writer.publish();
  EXPECT_EQ(word_at(128), 3U);
  EXPECT_EQ(word_at(192), 0U) << "durable_end: the store's business";
  EXPECT_EQ(word_at(kWords), 11U);
  EXPECT_EQ(word_at(kWords + 8), 0x6f77206f6c6c6568U);   // "hello wo"
  EXPECT_EQ(word_at(kWords + 16), 0x0000000000646c72U);  // "rld", padded
}

TEST_F(LogRingTest, ARecordMayContinueAtTheStartAndPadsWithZeros) {
  auto writer = make_writer();
  auto reader = make_reader();
  while (writer.end() < kRingWords - 2) writer.append({});
  writer.publish();
  reader.seek(writer.end());
  for (std::size_t i = 0; i < 4; ++i) poke(kWords + i * 8, 0xffffffffffffffff);
  writer.append(bytes_of("12345678abcdefghxyz"));
  writer.publish();
  EXPECT_EQ(word_at(kWords + 62 * 8), 19U);
  EXPECT_EQ(word_at(kWords + 63 * 8), 0x3837363534333231U);
  EXPECT_EQ(word_at(kWords + 0 * 8), 0x6867666564636261U);
  EXPECT_EQ(word_at(kWords + 1 * 8), 0x00000000007a7978U);
  EXPECT_EQ(next(reader), "12345678abcdefghxyz");
}

TEST_F(LogRingTest, AReaderStartsAtTheEndAndSeesWhatIsPublishedFromThen) {
  auto writer = make_writer();
  writer.append(bytes_of("before"));
  writer.publish();
  auto reader = make_reader();
  EXPECT_EQ(next(reader), "?empty");
  writer.append(bytes_of("one"));
  writer.append({});
  writer.append(bytes_of("three"));
  EXPECT_EQ(next(reader), "?empty") << "appended is not published";
  writer.publish();
  EXPECT_EQ(next(reader), "one");
  EXPECT_EQ(next(reader), "");
  EXPECT_EQ(next(reader), "three");
  EXPECT_EQ(next(reader), "?empty");
  EXPECT_EQ(reader.position(), reader.committed_end());
  EXPECT_EQ(reader.committed_end(), writer.end());
}

TEST_F(LogRingTest, EveryReaderHasItsOwnPlaceAndMaySeek) {
  auto writer = make_writer();
  auto early = make_reader();
  writer.append(bytes_of("one"));
  const Position second = writer.end();
  writer.append(bytes_of("two"));
  writer.publish();
  auto late = make_reader();
  EXPECT_EQ(next(late), "?empty");
  EXPECT_EQ(next(early), "one");
  EXPECT_EQ(early.position(), second);
  late.seek(second);
  EXPECT_EQ(next(late), "two");
  late.seek(0);
  EXPECT_EQ(next(late), "one");
}

TEST_F(LogRingTest, EverySizeComesBackAtEveryPlaceOfTheRing) {
  auto writer = make_writer();
  auto reader = make_reader();
  ASSERT_EQ(writer.max_payload_bytes(), 64U);
  for (std::size_t turn = 0; turn < kRingWords; ++turn) {
    for (std::size_t size = 0; size <= writer.max_payload_bytes(); ++size) {
      const std::string sent(size, static_cast<char>('a' + (turn + size) % 26));
      const Position begin = writer.end();
      EXPECT_EQ(writer.append(bytes_of(sent)), begin + LogRingWriter::words_of(size));
      writer.publish();
      ASSERT_EQ(next(reader), sent);
    }
  }
}

TEST_F(LogRingTest, HalfARecordIsInvisibleAndTheSuccessorWritesOverIt) {
  auto reader = [this] {
    auto writer = make_writer();
    auto first_reader = make_reader();
    writer.append(bytes_of("published"));
    writer.publish();
    writer.append(bytes_of("half of something long"));  // and here it dies
    return first_reader;
  }();
  EXPECT_EQ(next(reader), "published");
  EXPECT_EQ(next(reader), "?empty");

  const std::uint64_t announced = word_at(64);
  auto successor = make_writer();
  EXPECT_EQ(successor.end(), reader.position());
  successor.append(bytes_of("new"));
  EXPECT_EQ(word_at(64), announced) << "reserved_end never moves back";
  EXPECT_EQ(next(reader), "?empty");
  successor.publish();
  EXPECT_EQ(next(reader), "new");
  EXPECT_EQ(next(reader), "?empty");
}

TEST_F(LogRingTest, AReaderHoldsOutForExactlyOneLap) {
  auto writer = make_writer();
  auto on_time = make_reader();
  auto late = make_reader();
  writer.append(bytes_of("oldest"));
  while (writer.end() < kRingWords) writer.append({});
  writer.publish();
  EXPECT_EQ(next(on_time), "oldest") << "the ring is full, nothing is overwritten yet";
  writer.append({});
  writer.publish();
  const Position before = late.position();
  EXPECT_EQ(next(late), "?lapped");
  EXPECT_EQ(late.position(), before) << "the caller decides where to go on";
  late.seek(late.committed_end());
  EXPECT_EQ(next(late), "?empty");
}

TEST_F(LogRingTest, WordsThatAreAnnouncedButNotPublishedLapToo) {
  auto writer = make_writer();
  auto reader = make_reader();
  writer.append(bytes_of("oldest"));
  while (writer.end() < kRingWords) writer.append({});
  writer.publish();
  writer.append(bytes_of("overwrites it, not published"));
  EXPECT_EQ(next(reader), "?lapped");
}

TEST_F(LogRingTest, WhatADeadWriterAnnouncedStaysLapped) {
  auto reader = [this] {
    auto writer = make_writer();
    auto first_reader = make_reader();
    writer.append(bytes_of("oldest"));
    while (writer.end() < kRingWords) writer.append({});
    writer.publish();
    writer.append(bytes_of("dies before it is published"));
    return first_reader;
  }();
  auto successor = make_writer();
  successor.append({});
  successor.publish();
  EXPECT_EQ(next(reader), "?lapped");
}

TEST_F(LogRingTest, APlaceThatIsNoRecordsStartNeverReadsBeyondThePublished) {
  auto writer = make_writer();
  auto reader = make_reader();
  writer.append(bytes_of("\xff\xff\xff\xff\xff\xff\xff\xff 8 more"));
  writer.publish();
  reader.seek(1);  // the payload taken for a size: 2^64 - 1
  EXPECT_EQ(next(reader), "?lapped");
  reader.seek(2);  // 56 bytes, more than there are
  poke(kWords + 2 * 8, 56);
  EXPECT_EQ(next(reader), "?lapped");
  reader.seek(1000);  // beyond the end
  EXPECT_EQ(next(reader), "?lapped");
  reader.seek(~Position{0});
  EXPECT_EQ(next(reader), "?lapped");
}

TEST_F(LogRingTest, DurableEndIsWhatTheStoreSays) {
  auto writer = make_writer();
  auto reader = make_reader();
  writer.append(bytes_of("one"));
  writer.publish();
  EXPECT_EQ(reader.durable_end(), 0U);
  reinterpret_cast<LogRingHeader*>(memory_->bytes.data())->durable_end.store(writer.end());
  EXPECT_EQ(reader.durable_end(), 2U);
  EXPECT_EQ(word_at(192), 2U);
}

TEST_F(LogRingTest, AReaderRefusesMemoryThatIsNoRing) {
  EXPECT_THROW(make_reader(), std::runtime_error) << "nobody has made it yet";
  make_writer();
  EXPECT_NO_THROW(make_reader());
  EXPECT_THROW(LogRingReader(memory_->bytes.data(), 100), std::runtime_error);
  EXPECT_THROW(LogRingReader(memory_->bytes.data(), memory_->bytes.size() - 8), std::runtime_error);
  poke(0, word_at(0) + (std::uint64_t{1} << 56));  // "ROOKLOG2"
  EXPECT_THROW(make_reader(), std::runtime_error);
}

// Landmarks, in a ring whose sections have four words.
class LandmarkTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kBigCapacity = 4 * kLandmarks;
  static constexpr std::uint64_t kBytes = log_ring_bytes(kBigCapacity);

  LogRingWriter make_writer() { return {memory_.get(), kBigCapacity}; }
  LogRingReader make_reader() { return {memory_.get(), kBytes}; }

  static void append(LogRingWriter& writer, std::size_t words) {
    writer.append(std::vector<std::byte>((words - 1) * 8, std::byte{0xab}));
  }
  std::vector<Position> landmarks() {
    std::vector<Position> positions;
    make_reader().landmarks(positions);
    return positions;
  }

  struct Free {
    void operator()(std::byte* memory) const noexcept { std::free(memory); }
  };
  std::unique_ptr<std::byte, Free> memory_ = [] {
    void* memory = std::aligned_alloc(64, kBytes);
    std::memset(memory, 0, kBytes);
    return std::unique_ptr<std::byte, Free>(static_cast<std::byte*>(memory));
  }();
};

TEST_F(LandmarkTest, AreTheFirstRecordsOfTheirSectionsOncePublished) {
  auto writer = make_writer();
  EXPECT_EQ(landmarks(), (std::vector<Position>{}));
  append(writer, 3);   // 0
  append(writer, 2);   // 3, into section 1
  append(writer, 1);   // 5
  append(writer, 10);  // 6, over sections 2 and 3
  EXPECT_EQ(landmarks(), (std::vector<Position>{})) << "nothing is published";
  writer.publish();
  EXPECT_EQ(landmarks(), (std::vector<Position>{0, 5}));
  append(writer, 1);  // 16
  EXPECT_EQ(landmarks(), (std::vector<Position>{0, 5}));
  writer.publish();
  EXPECT_EQ(landmarks(), (std::vector<Position>{0, 5, 16}));
}

TEST_F(LandmarkTest, GoWithTheRecordsThatAreOverwritten) {
  auto writer = make_writer();
  for (std::uint64_t i = 0; i < 3 * kBigCapacity / 5; ++i) {
    append(writer, 5);
    writer.publish();
    const auto positions = landmarks();
    ASSERT_FALSE(positions.empty());
    for (std::size_t n = 0; n < positions.size(); ++n) {
      ASSERT_EQ(positions[n] % 5, 0U) << "a record begins there";
      ASSERT_LE(writer.end() - positions[n], kBigCapacity);
      if (n > 0) {
        ASSERT_LT(positions[n - 1], positions[n]);
        ASSERT_LE(positions[n] - positions[n - 1], 10U) << "none is left out";
      }
    }
    ASSERT_EQ(positions.back() / 4, (writer.end() - 5) / 4);
    ASSERT_LT(writer.end() - positions.front(), kBigCapacity + 10);
    if (writer.end() > kBigCapacity) {
      ASSERT_GT(writer.end() - positions.front(), kBigCapacity - 10);
    }
  }
}

TEST_F(LandmarkTest, OfWhatAPredecessorDidNotPublishAreErased) {
  {
    auto writer = make_writer();
    append(writer, 6);
    writer.publish();
    for (int i = 0; i < 20; ++i) append(writer, 5);  // 6, 11, 16 ...: never published
  }
  auto writer = make_writer();
  append(writer, 50);  // 6 to 56
  append(writer, 1);
  writer.publish();
  EXPECT_EQ(landmarks(), (std::vector<Position>{0, 6, 56})) << "11 and 16 are in the middle of a record";
}

TEST_F(LandmarkTest, ASuccessorLeavesThoseThatAreThere) {
  {
    auto writer = make_writer();
    append(writer, 5);
    append(writer, 1);
    writer.publish();
  }
  auto writer = make_writer();
  append(writer, 1);  // 6, in a section that has its landmark
  append(writer, 1);
  append(writer, 1);  // 8
  writer.publish();
  EXPECT_EQ(landmarks(), (std::vector<Position>{0, 5, 8}));
}

}  // namespace
}  // namespace rookery::shm
