#include "ipc/shm/record_queue.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "ipc/shm/checksum.h"
#include "tests/ipc/shm/records.h"

namespace rookery::shm {
namespace {

using testing::bytes_of;
using testing::text_of;

constexpr std::uint64_t kQueueWords = 64;
constexpr std::size_t kQueueMaxPayload = 128;  // a quarter of the queue

class RecordQueueTest : public ::testing::Test {
 protected:
  RecordQueueProducer make_producer() { return {tail_, words_.data(), kQueueWords, taken_}; }
  RecordQueueConsumer make_consumer() { return {tail_, words_.data(), kQueueWords, taken_}; }

  // An empty queue whose next record starts at `position`.
  void start_at(Position position) {
    tail_.store(position);
    taken_.store(position);
  }

  TakeResult peek(RecordQueueConsumer& consumer) {
    const TakeResult result = consumer.peek(payload_);
    return result;
  }

  std::string_view text() const { return text_of(payload_); }

  PositionWord tail_{0};
  PositionWord taken_{0};
  std::vector<std::uint64_t> words_ = std::vector<std::uint64_t>(kQueueWords);
  std::vector<std::byte> payload_;
};

TEST_F(RecordQueueTest, ARecordIsSizeAndChecksumThenThePaddedPayload) {
  auto producer = make_producer();
  EXPECT_EQ(producer.append(bytes_of("hello world")), 3U) << "its number is the position of its end";
  EXPECT_EQ(words_[0], 11U | std::uint64_t{checksum32(bytes_of("hello world"), 0)} << 32);
  EXPECT_EQ(words_[1], 0x6f77206f6c6c6568U);  // "hello wo"
  EXPECT_EQ(words_[2], 0x0000000000646c72U);  // "rld"
  EXPECT_EQ(words_[3], 0U);
  EXPECT_EQ(tail_.load(), 3U);
  EXPECT_EQ(taken_.load(), 0U);
}

TEST_F(RecordQueueTest, AnEmptyPayloadIsOneWord) {
  auto producer = make_producer();
  auto consumer = make_consumer();
  EXPECT_EQ(producer.append({}), 1U);
  EXPECT_EQ(words_[0], std::uint64_t{checksum32({}, 0)} << 32);
  EXPECT_EQ(peek(consumer), TakeResult::Record);
  EXPECT_TRUE(payload_.empty());
  EXPECT_EQ(consumer.number(), 1U);
  EXPECT_EQ(peek(consumer), TakeResult::Empty);
}

TEST_F(RecordQueueTest, ARecordMayContinueAtTheStartAndPadsWithZeros) {
  words_.assign(kQueueWords, 0xffffffffffffffff);  // an older lap
  start_at(kQueueWords * 5 + 62);
  auto producer = make_producer();
  auto consumer = make_consumer();
  EXPECT_EQ(producer.append(bytes_of("12345678abcdefghxyz")), kQueueWords * 5 + 66);
  EXPECT_EQ(words_[62] & 0xffffffff, 19U);
  EXPECT_EQ(words_[63], 0x3837363534333231U);
  EXPECT_EQ(words_[0], 0x6867666564636261U);
  EXPECT_EQ(words_[1], 0x00000000007a7978U);
  EXPECT_EQ(words_[2], 0xffffffffffffffffU);
  ASSERT_EQ(peek(consumer), TakeResult::Record);
  EXPECT_EQ(text(), "12345678abcdefghxyz");
}

TEST_F(RecordQueueTest, EverySizeComesBackAtEveryPlaceOfTheRow) {
  auto producer = make_producer();
  auto consumer = make_consumer();
  Position last = 0;
  for (std::size_t turn = 0; turn < kQueueWords; ++turn) {
    for (std::size_t size = 0; size <= kQueueMaxPayload; ++size) {
      const std::string sent(size, static_cast<char>('a' + (turn + size) % 26));
      const Position number = producer.append(bytes_of(sent));
      ASSERT_GT(number, last);
      last = number;
      ASSERT_EQ(peek(consumer), TakeResult::Record);
      ASSERT_EQ(text(), sent);
      ASSERT_EQ(consumer.number(), number);
      consumer.release();
    }
  }
  EXPECT_EQ(peek(consumer), TakeResult::Empty);
}

TEST_F(RecordQueueTest, FullRefusesWithoutATraceAndTakesAgainAfterRelease) {
  auto producer = make_producer();
  auto consumer = make_consumer();
  const std::string payload(56, 'x');  // eight words a record
  for (int i = 0; i < 8; ++i) ASSERT_NE(producer.append(bytes_of(payload)), 0U);
  const auto before = words_;
  EXPECT_EQ(producer.append({}), 0U);
  EXPECT_EQ(words_, before);
  EXPECT_EQ(tail_.load(), kQueueWords);
  EXPECT_EQ(consumer.depth_words(), kQueueWords);

  ASSERT_EQ(peek(consumer), TakeResult::Record);
  EXPECT_EQ(producer.append({}), 0U) << "peeked is not released";
  EXPECT_FALSE(producer.has_room(0));
  consumer.release();
  EXPECT_TRUE(producer.has_room(56));
  EXPECT_FALSE(producer.has_room(57));
  EXPECT_EQ(producer.append(bytes_of(std::string(57, 'y'))), 0U) << "room for eight words, not nine";
  EXPECT_EQ(producer.append(bytes_of(payload)), kQueueWords + 8);
  EXPECT_EQ(producer.append({}), 0U);
}

TEST_F(RecordQueueTest, OneReleaseForABatch) {
  auto producer = make_producer();
  auto consumer = make_consumer();
  for (int i = 0; i < 5; ++i) ASSERT_NE(producer.append(bytes_of("abc")), 0U);
  while (peek(consumer) == TakeResult::Record) {
  }
  EXPECT_EQ(taken_.load(), 0U);
  consumer.release();
  EXPECT_EQ(taken_.load(), 10U);
}

TEST_F(RecordQueueTest, HasMoreAndDepthFollowTheTail) {
  auto producer = make_producer();
  auto consumer = make_consumer();
  EXPECT_FALSE(consumer.has_more());
  ASSERT_NE(producer.append(bytes_of("abc")), 0U);
  EXPECT_TRUE(consumer.has_more());
  EXPECT_EQ(consumer.depth_words(), 2U);
  ASSERT_EQ(peek(consumer), TakeResult::Record);
  EXPECT_FALSE(consumer.has_more());
  EXPECT_EQ(consumer.depth_words(), 0U);
}

TEST_F(RecordQueueTest, AProducersSuccessorGoesOnAtTheTailOverHalfARecord) {
  auto consumer = make_consumer();
  {
    auto producer = make_producer();
    ASSERT_EQ(producer.append(bytes_of("first")), 2U);
  }
  words_[2] = 17 | std::uint64_t{12345} << 32;  // it died in mid-append: words beyond the tail
  words_[3] = 0x4141414141414141;
  auto successor = make_producer();
  EXPECT_EQ(successor.tail(), 2U);
  EXPECT_EQ(successor.append(bytes_of("second")), 4U);
  ASSERT_EQ(peek(consumer), TakeResult::Record);
  EXPECT_EQ(text(), "first");
  ASSERT_EQ(peek(consumer), TakeResult::Record);
  EXPECT_EQ(text(), "second");
  EXPECT_EQ(peek(consumer), TakeResult::Empty);
}

TEST_F(RecordQueueTest, AConsumersSuccessorReadsAgainWhatWasNotReleased) {
  auto producer = make_producer();
  {
    auto consumer = make_consumer();
    ASSERT_NE(producer.append(bytes_of("dealt with")), 0U);
    ASSERT_EQ(peek(consumer), TakeResult::Record);
    consumer.release();
    ASSERT_NE(producer.append(bytes_of("peeked")), 0U);
    ASSERT_EQ(peek(consumer), TakeResult::Record);
  }
  auto successor = make_consumer();
  ASSERT_EQ(peek(successor), TakeResult::Record);
  EXPECT_EQ(text(), "peeked");
  EXPECT_EQ(successor.number(), tail_.load()) << "the same number as the first time";
}

TEST_F(RecordQueueTest, EveryFlippedBitIsFoundOrHarmless) {
  const std::string sent = "twenty-one bytes long";
  start_at(kQueueWords - 2);  // the record goes round the end
  auto producer = make_producer();
  ASSERT_NE(producer.append(bytes_of(sent)), 0U);
  std::size_t damaged = 0;
  for (std::uint64_t word = kQueueWords - 2; word < kQueueWords + 2; ++word) {
    for (unsigned bit = 0; bit < 64; ++bit) {
      auto consumer = make_consumer();
      words_[word % kQueueWords] ^= std::uint64_t{1} << bit;
      if (peek(consumer) == TakeResult::Damaged)
        ++damaged;
      else
        EXPECT_EQ(text(), sent) << "word " << word << " bit " << bit;
      words_[word % kQueueWords] ^= std::uint64_t{1} << bit;
    }
  }
  EXPECT_EQ(damaged, (8 + sent.size()) * 8) << "only the padding may change unnoticed";
}

TEST_F(RecordQueueTest, ARecordOfAnOlderLapIsNotTaken) {
  auto producer = make_producer();
  ASSERT_EQ(producer.append(bytes_of("stale")), 2U);
  taken_.store(kQueueWords);
  tail_.store(kQueueWords + 2);  // says that there is a record, where the one of the lap before still lies
  auto consumer = make_consumer();
  EXPECT_EQ(peek(consumer), TakeResult::Damaged);
}

TEST_F(RecordQueueTest, WildTailsAreDamageAndMoveNothing) {
  start_at(1000);
  auto consumer = make_consumer();
  for (const Position wild : {Position{999}, Position{0}, Position{1000 + kQueueWords + 1}, ~Position{0},
                              Position{1001}, Position{1000 + kQueueWords}}) {
    tail_.store(wild);
    EXPECT_EQ(peek(consumer), TakeResult::Damaged) << wild;
    EXPECT_EQ(consumer.number(), 1000U);
    EXPECT_LE(consumer.depth_words(), kQueueWords);
  }
}

TEST_F(RecordQueueTest, ASizeBeyondTheTailOrTheLargestRecordIsDamage) {
  auto producer = make_producer();
  ASSERT_EQ(producer.append(bytes_of("12345678")), 2U);
  tail_.store(1);  // the record is cut off
  auto consumer = make_consumer();
  EXPECT_EQ(peek(consumer), TakeResult::Damaged);
  tail_.store(kQueueWords);
  for (const std::uint64_t size :
       {std::uint64_t{kQueueMaxPayload + 1}, std::uint64_t{kQueueWords * 8}, std::uint64_t{0xffffffff}}) {
    words_[0] = size;
    EXPECT_EQ(peek(consumer), TakeResult::Damaged) << size;
  }
}

TEST_F(RecordQueueTest, AfterDamageBothSidesStartAgainAtOnePosition) {
  auto producer = make_producer();
  auto consumer = make_consumer();
  ASSERT_NE(producer.append(bytes_of("good")), 0U);
  ASSERT_EQ(peek(consumer), TakeResult::Record);
  consumer.release();
  words_.assign(kQueueWords, 0xdeadbeefdeadbeef);
  tail_.store(77'777);
  EXPECT_EQ(peek(consumer), TakeResult::Damaged);

  constexpr Position kAgain = 4096;
  consumer.skip_to(kAgain);
  EXPECT_EQ(taken_.load(), kAgain);
  auto successor = make_producer();
  successor.restart_at(kAgain);
  EXPECT_EQ(peek(consumer), TakeResult::Empty);
  EXPECT_EQ(successor.append(bytes_of("again")), kAgain + 2);
  ASSERT_EQ(peek(consumer), TakeResult::Record);
  EXPECT_EQ(text(), "again");
}

// The inbox's producer is the ledger, its consumer a worker that may write anything into its own `taken`.
TEST_F(RecordQueueTest, AWildTakenCannotMakeTheProducerWriteOutsideTheQueue) {
  for (const Position wild : {~Position{0}, Position{1}, Position{500}, Position{1} << 63}) {
    start_at(64);
    taken_.store(wild);
    auto producer = make_producer();
    for (int i = 0; i < 100; ++i) (void)producer.append(std::vector<std::byte>(kQueueMaxPayload));
  }
}

}  // namespace
}  // namespace rookery::shm
