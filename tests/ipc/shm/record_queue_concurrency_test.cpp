// One producer and one consumer at the same time: as threads, so that ThreadSanitizer follows them, and as processes of
// which one or the other is killed at random instants.
#include <gtest/gtest.h>

#include <csignal>
#include <random>
#include <thread>

#include "ipc/shm/record_queue.h"
#include "ipc/shm/segment.h"
#include "tests/ipc/os/waiting.h"
#include "tests/ipc/shm/records.h"

namespace rookery::shm {
namespace {

using testing::is_record;
using testing::make_record;
using testing::true_in_time;

constexpr std::uint64_t kRacedQueueWords = 256;
constexpr std::size_t kRacedQueueMaxPayload = 200;

// What the two share. All zero at the start: an empty queue.
struct Shared {
  alignas(64) PositionWord tail;
  alignas(64) PositionWord taken;
  alignas(64) std::atomic<Position> told;  // up to here the side that may be killed has said that it is done
  alignas(64) std::atomic<std::uint64_t> turns;
  std::uint64_t words[kRacedQueueWords];
};

void produce_until(Shared& shared, Position end, const std::atomic<bool>& stop) {
  RecordQueueProducer producer(shared.tail, shared.words, kRacedQueueWords, shared.taken);
  std::vector<std::byte> record;
  while (producer.tail() < end && !stop.load(std::memory_order_relaxed)) {
    make_record(producer.tail(), kRacedQueueMaxPayload, record);
    const Position number = producer.append(record);
    if (number == 0)
      std::this_thread::yield();
    else
      shared.told.store(number, std::memory_order_release);
  }
}

TEST(RecordQueueThreadsTest, EveryRecordArrivesWholeAndInOrder) {
  constexpr Position kEnd = 2'000'000;
  const auto shared = std::make_unique<Shared>();
  std::atomic<bool> stop = false;
  std::jthread producer([&] { produce_until(*shared, kEnd, stop); });
  RecordQueueConsumer consumer(shared->tail, shared->words, kRacedQueueWords, shared->taken);
  std::vector<std::byte> record;
  std::uint64_t records = 0;
  while (consumer.number() < kEnd) {
    const Position begin = consumer.number();
    const TakeResult result = consumer.peek(record);
    if (result == TakeResult::Empty) {
      consumer.release();
      std::this_thread::yield();
      continue;
    }
    EXPECT_EQ(result, TakeResult::Record) << "at " << begin;
    EXPECT_TRUE(is_record(begin, kRacedQueueMaxPayload, record)) << "at " << begin;
    if (HasFailure()) break;
    if (++records % 3 == 0) consumer.release();
  }
  stop.store(true);
}

class RecordQueueProcessesTest : public ::testing::Test {
 protected:
  RecordQueueProcessesTest() {
    EXPECT_TRUE(reserve(segment_.writer_descriptor(), 0, segment_.size_bytes()));
    mapping_ = Mapping(segment_.writer_descriptor(), Access::ReadWrite, segment_.size_bytes());
  }
  Shared& shared() { return *mapping_.at<Shared>(0); }

  Segment segment_{"record-queue-test", sizeof(Shared)};
  Mapping mapping_;
  std::minstd_rand random_{20'240'229};
};

TEST_F(RecordQueueProcessesTest, AKilledProducerLeavesOnlyWholeRecords) {
  RecordQueueConsumer consumer(shared().tail, shared().words, kRacedQueueWords, shared().taken);
  std::vector<std::byte> record;
  std::uint64_t records = 0;
  const auto take_one = [&] {
    const Position begin = consumer.number();
    const TakeResult result = consumer.peek(record);
    if (result == TakeResult::Empty) return false;
    EXPECT_EQ(result, TakeResult::Record) << "at " << begin;
    EXPECT_TRUE(is_record(begin, kRacedQueueMaxPayload, record)) << "at " << begin;
    EXPECT_GT(consumer.number(), begin);
    consumer.release();
    ++records;
    return result == TakeResult::Record;
  };

  for (int round = 0; round < testing::kill_rounds(200); ++round) {
    const Position start = consumer.number();
    os::Process child = os::Process::spawn([this] {
      produce_until(shared(), ~Position{0}, false);
      return 0;
    });
    ASSERT_TRUE(true_in_time([&] { return take_one() || consumer.number() > start || HasFailure(); }))
        << "round " << round;
    // Most of the time the producer works against a free queue; sometimes it finds it full.
    const auto more = random_() % 200;
    for (std::uint64_t i = 0; i < more; ++i) take_one();
    testing::spin(random_() % 3000);
    ASSERT_TRUE(testing::killed_in_time(child)) << "round " << round;

    const Position told = shared().told.load(std::memory_order_acquire);
    while (take_one()) {
    }
    ASSERT_FALSE(HasFailure()) << "round " << round;
    ASSERT_EQ(consumer.number(), shared().tail.load());
    ASSERT_GE(consumer.number(), told) << "a record whose append() had returned was lost";
  }
  EXPECT_GE(records, static_cast<std::uint64_t>(testing::kill_rounds(200)));
}

// Exit codes of the consumer that is killed sooner or later: any of them means it found something wrong.
int consume(Shared& shared) {
  RecordQueueConsumer consumer(shared.tail, shared.words, kRacedQueueWords, shared.taken);
  if (consumer.number() > shared.told.load(std::memory_order_relaxed)) return 1;  // released before it was dealt with
  std::vector<std::byte> record;
  for (std::uint64_t turn = 0;; ++turn) {
    const Position begin = consumer.number();
    const TakeResult result = consumer.peek(record);
    if (result == TakeResult::Damaged) return 2;
    if (result == TakeResult::Record) {
      if (!is_record(begin, kRacedQueueMaxPayload, record)) return 3;
      if (shared.told.load(std::memory_order_relaxed) < consumer.number())
        shared.told.store(consumer.number(), std::memory_order_relaxed);  // "dealt with"
      shared.turns.fetch_add(1, std::memory_order_relaxed);
    }
    if (turn % 5 == 0 || result == TakeResult::Empty) consumer.release();
  }
}

TEST_F(RecordQueueProcessesTest, AKilledConsumerLosesNothing) {
  RecordQueueProducer producer(shared().tail, shared().words, kRacedQueueWords, shared().taken);
  std::vector<std::byte> record;
  const auto append_one = [&] {
    make_record(producer.tail(), kRacedQueueMaxPayload, record);
    return producer.append(record) != 0;
  };
  for (int round = 0; round < testing::kill_rounds(150); ++round) {
    const auto turns = shared().turns.load();
    os::Process child = os::Process::spawn([this] { return consume(shared()); });
    ASSERT_TRUE(true_in_time([&] {
      append_one();
      return shared().turns.load() > turns || child.try_wait();
    })) << "round "
        << round;
    const auto more = random_() % 200;
    for (std::uint64_t i = 0; i < more; ++i) append_one();
    testing::spin(random_() % 3000);
    ASSERT_TRUE(testing::killed_in_time(child)) << "the consumer found something wrong in round " << round;
    ASSERT_LE(shared().taken.load(), shared().told.load());
  }
}

}  // namespace
}  // namespace rookery::shm
