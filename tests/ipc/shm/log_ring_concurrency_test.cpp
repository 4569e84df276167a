// Readers of a log ring while its writer writes, laps them, and dies.
#include <gtest/gtest.h>

#include <csignal>
#include <random>
#include <thread>

#include "ipc/shm/log_ring.h"
#include "ipc/shm/segment.h"
#include "tests/ipc/os/waiting.h"
#include "tests/ipc/shm/records.h"

namespace rookery::shm {
namespace {

using testing::is_record;
using testing::make_record;
using testing::true_in_time;

constexpr std::uint64_t kRacedRingWords = 256;
constexpr std::size_t kRacedRingMaxPayload = 128;

class LogRingConcurrencyTest : public ::testing::Test {
 protected:
  LogRingConcurrencyTest() {
    EXPECT_TRUE(reserve(segment_.writer_descriptor(), 0, segment_.size_bytes()));
    writable_ = Mapping(segment_.writer_descriptor(), Access::ReadWrite, segment_.size_bytes());
    read_only_ = Mapping(segment_.reader_descriptor(), Access::ReadOnly, segment_.size_bytes());
  }

  LogRingWriter make_writer() { return {writable_.data(), kRacedRingWords}; }
  // In the tests with threads all use one mapping: ThreadSanitizer knows memory by its address.
  LogRingReader make_reader(const Mapping& mapping) { return {mapping.data(), mapping.size_bytes()}; }
  LogRingHeader& header() { return *writable_.at<LogRingHeader>(0); }

  Segment segment_{"log-ring-test", log_ring_bytes(kRacedRingWords)};
  Mapping writable_;
  Mapping read_only_;
  std::minstd_rand random_{19'700'101};
};

void append_one(LogRingWriter& writer, std::vector<std::byte>& record) {
  make_record(writer.end(), kRacedRingMaxPayload, record);
  writer.append(record);
}

// How a reader fared until `enough`.
struct Tally {
  std::uint64_t looks = 0;
  std::uint64_t records = 0;
  std::uint64_t laps = 0;
  bool torn = false;
};

template <class Enough>
Tally read_until(LogRingReader& reader, Enough enough) {
  Tally tally;
  std::vector<std::byte> record;
  (void)true_in_time([&] {
    const Position begin = reader.position();
    ++tally.looks;
    switch (reader.read(record)) {
      case ReadResult::Record:
        ++tally.records;
        tally.torn = tally.torn || !is_record(begin, kRacedRingMaxPayload, record);
        break;
      case ReadResult::Lapped:
        ++tally.laps;
        reader.seek(reader.committed_end());
        break;
      case ReadResult::Empty:
        break;
    }
    return tally.torn || enough(tally);
  });
  return tally;
}

TEST_F(LogRingConcurrencyTest, WhatALappedReaderAcceptsIsWhole) {
  LogRingWriter writer = make_writer();
  LogRingReader first = make_reader(writable_);
  LogRingReader second = make_reader(writable_);
  std::atomic<bool> stop = false;
  std::jthread writing([&] {  // in bursts of up to two laps, waiting for nobody
    std::vector<std::byte> record;
    for (std::uint64_t turn = 0; !stop.load(std::memory_order_relaxed); ++turn) {
      for (std::uint64_t burst = testing::scattered(turn) % 64; burst > 0; --burst) {
        append_one(writer, record);
        if (burst % 3 != 1) writer.publish();
      }
      testing::spin(testing::scattered(turn) % 8000);
    }
  });
  // Looks that find nothing count too, so a busy machine makes the test weaker but not endless.
  const auto enough = [](const Tally& tally) {
    return tally.looks >= 300'000 && tally.records >= 200 && tally.laps >= 5;
  };
  Tally other;
  std::jthread reading([&] { other = read_until(second, enough); });
  const Tally tally = read_until(first, enough);
  reading.join();
  stop.store(true);
  for (const Tally& each : {tally, other}) {
    EXPECT_FALSE(each.torn);
    EXPECT_GE(each.records, 200U);
    EXPECT_GE(each.laps, 5U);
  }
}

TEST_F(LogRingConcurrencyTest, AtALandmarkThereIsARecord) {
  LogRingWriter writer = make_writer();
  LogRingReader reader = make_reader(writable_);
  std::atomic<bool> stop = false;
  std::jthread writing([&] {
    std::vector<std::byte> record;
    for (std::uint64_t turn = 0; !stop.load(std::memory_order_relaxed); ++turn) {
      for (std::uint64_t burst = testing::scattered(turn) % 64; burst > 0; --burst) append_one(writer, record);
      writer.publish();
      testing::spin(testing::scattered(turn) % 8000);
    }
  });
  std::vector<Position> landmarks;
  std::vector<std::byte> record;
  std::uint64_t records = 0;
  bool wrong = false;
  (void)true_in_time([&] {
    reader.landmarks(landmarks);
    for (const Position landmark : landmarks) {
      reader.seek(landmark);
      const ReadResult result = reader.read(record);  // lapped meanwhile, or whole
      wrong = wrong || result == ReadResult::Empty ||
              (result == ReadResult::Record && !is_record(landmark, kRacedRingMaxPayload, record));
      records += result == ReadResult::Record ? 1 : 0;
    }
    return wrong || records > 20'000;
  });
  stop.store(true);
  EXPECT_FALSE(wrong);
  EXPECT_GT(records, 0U);
}

TEST_F(LogRingConcurrencyTest, AReaderThatKeepsUpMissesNothing) {
  constexpr Position kEnd = 400'000;
  LogRingWriter writer = make_writer();
  LogRingReader reader = make_reader(writable_);
  std::atomic<Position> read_up_to = 0;
  std::jthread writing([&] {
    std::vector<std::byte> record;
    while (writer.end() < kEnd) {
      // Half a ring ahead at most: nobody is lapped.
      if (writer.end() - read_up_to.load(std::memory_order_acquire) > kRacedRingWords / 2) {
        std::this_thread::yield();
        continue;
      }
      append_one(writer, record);
      writer.publish();
    }
  });
  const Tally tally = read_until(reader, [&](const Tally&) {
    read_up_to.store(reader.position(), std::memory_order_release);
    return reader.position() >= kEnd;
  });
  EXPECT_FALSE(tally.torn);
  EXPECT_EQ(tally.laps, 0U);
  EXPECT_GE(reader.position(), kEnd);
}

TEST_F(LogRingConcurrencyTest, AKilledWriterLeavesOnlyWholeRecords) {
  make_writer();
  LogRingReader reader = make_reader(read_only_);
  std::uint64_t records = 0;
  for (int round = 0; round < testing::kill_rounds(200); ++round) {
    const Position start = reader.committed_end();
    os::Process child = os::Process::spawn([this] {
      LogRingWriter writer = make_writer();
      std::vector<std::byte> record;
      for (std::uint64_t turn = 0;; ++turn) {
        append_one(writer, record);
        if (turn % 3 != 0) writer.publish();
        if (turn % 6 == 5) header().durable_end.store(writer.end());  // here: a record's start, not long ago
        testing::spin(turn % 256);
      }
      return 0;
    });
    // Looks that find nothing count too: waiting for records would wait for the scheduler.
    auto looks = random_() % 1000;
    const Tally alive = read_until(
        reader, [&](const Tally&) { return reader.committed_end() > start && (looks == 0 || --looks == 0); });
    testing::spin(random_() % 3000);
    ASSERT_TRUE(testing::killed_in_time(child)) << "round " << round;

    const Position committed = reader.committed_end();
    ASSERT_GT(committed, start) << "round " << round;
    ASSERT_LE(committed, header().reserved_end.load());
    // What is left must lead from that start to the committed end, record by record.
    reader.seek(reader.durable_end());
    const Tally rest = read_until(reader, [&](const Tally&) { return reader.position() == committed; });
    ASSERT_FALSE(alive.torn || rest.torn) << "round " << round;
    ASSERT_EQ(rest.laps, 0U) << "round " << round;
    ASSERT_EQ(reader.position(), committed) << "round " << round;
    records += rest.records;
    // The dead writer has left landmarks of what it did not publish: its successor must not let them stand.
    LogRingWriter successor = make_writer();
    std::vector<std::byte> record;
    for (int i = 0; i < 3; ++i) append_one(successor, record);
    successor.publish();
    std::vector<Position> landmarks;
    reader.landmarks(landmarks);
    ASSERT_FALSE(landmarks.empty());
    for (const Position landmark : landmarks) {
      reader.seek(landmark);
      ASSERT_EQ(reader.read(record), ReadResult::Record);
      ASSERT_TRUE(is_record(landmark, kRacedRingMaxPayload, record)) << "round " << round;
    }
    reader.seek(reader.committed_end());
  }
  EXPECT_GT(records, 100U);
}

}  // namespace
}  // namespace rookery::shm
