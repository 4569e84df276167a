// Consumers and readers in memory that somebody has scribbled over at random. They may refuse, but must not read
// outside the words they were given (which end where the allocation ends, for AddressSanitizer), nor take for a record
// what nobody has written. Seeds are fixed: a failure comes again.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <set>

#include "ipc/shm/log_ring.h"
#include "ipc/shm/record_queue.h"
#include "tests/ipc/shm/records.h"

namespace rookery::shm {
namespace {

constexpr std::uint64_t kDamagedRingWords = 64;

// A number that is more often interesting than not: near zero, near a bound, near the end of the range, or any.
std::uint64_t wild_number(std::mt19937_64& random, std::uint64_t near) {
  switch (random() % 5) {
    case 0:
      return random() % 300;
    case 1:
      return near + random() % 70;
    case 2:
      return near - random() % 70;
    case 3:
      return ~std::uint64_t{0} - random() % 20;
    default:
      return random();
  }
}

TEST(RandomDamageTest, AnOutboxGivesItsOwnRecordsOrNone) {
  std::mt19937_64 random(1);
  std::uint64_t taken_whole = 0;
  std::uint64_t refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    const Position start = random() % 1000;
    PositionWord tail{start};
    PositionWord taken{start};
    const auto words = std::make_unique<std::uint64_t[]>(kDamagedRingWords);
    RecordQueueProducer producer(tail, words.get(), kDamagedRingWords, taken);
    std::set<std::vector<std::byte>> appended;
    std::vector<std::byte> record;
    for (;;) {
      testing::make_record(producer.tail(), 100, record);
      if (producer.append(record) == 0) break;
      appended.insert(record);
    }

    const auto scribbles = random() % 4;
    for (std::uint64_t i = 0; i < scribbles; ++i) {
      const auto word = random() % kDamagedRingWords;
      if (random() % 2 == 0)
        words[word] ^= std::uint64_t{1} << random() % 64;
      else
        words[word] = wild_number(random, kDamagedRingWords);
    }
    if (random() % 4 == 0) tail.store(wild_number(random, start + kDamagedRingWords));

    RecordQueueConsumer consumer(tail, words.get(), kDamagedRingWords, taken);
    TakeResult result;
    while ((result = consumer.peek(record)) == TakeResult::Record) {
      ASSERT_TRUE(appended.contains(record)) << "round " << round;
      ++taken_whole;
    }
    if (result == TakeResult::Damaged) ++refused;
  }
  EXPECT_GT(taken_whole, 20'000U);
  EXPECT_GT(refused, 5'000U);
}

TEST(RandomDamageTest, ALogRingIsReadWithinItsBounds) {
  struct Free {
    void operator()(std::byte* memory) const { ::operator delete[](memory, std::align_val_t{64}); }
  };
  std::mt19937_64 random(2);
  constexpr std::uint64_t kBytes = log_ring_bytes(kDamagedRingWords);
  std::uint64_t records = 0;
  std::uint64_t lapped = 0;
  for (int round = 0; round < 20'000; ++round) {
    const std::unique_ptr<std::byte[], Free> memory(new (std::align_val_t{64}) std::byte[kBytes]{});
    LogRingWriter writer(memory.get(), kDamagedRingWords);
    LogRingReader reader(memory.get(), kBytes);
    std::vector<std::byte> record;
    while (writer.end() < kDamagedRingWords - 9 || (writer.end() < 1000 && random() % 8 != 0)) {
      testing::make_record(writer.end(), writer.max_payload_bytes(), record);
      writer.append(record);
    }
    writer.publish();
    auto* words = reinterpret_cast<RingWord*>(memory.get() + sizeof(LogRingHeader));
    for (int i = 0; i < 3; ++i) words[random() % kDamagedRingWords].store(wild_number(random, 64));
    reader.seek(random() % 2 == 0 ? writer.end() - random() % kDamagedRingWords : wild_number(random, writer.end()));

    ReadResult result;
    int turns = 0;
    while ((result = reader.read(record)) == ReadResult::Record) {
      ++records;
      ASSERT_LE(record.size(), writer.max_payload_bytes());
      ASSERT_LE(reader.position(), writer.end());
      ASSERT_LT(++turns, 1000);
    }
    if (result == ReadResult::Lapped) ++lapped;
  }
  EXPECT_GT(records, 1000U);
  EXPECT_GT(lapped, 1000U);
}

}  // namespace
}  // namespace rookery::shm
