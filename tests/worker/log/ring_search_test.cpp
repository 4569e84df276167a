// Finding a number in the log ring: wherever the ring stands, what is above the number is at the place found or after
// it, or the answer says how much of it only the store has.
#include "worker/log/ring_search.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>

#include "ipc/chat/record.h"

namespace rookery::worker {
namespace {

constexpr std::uint64_t kCapacity = 16 * 1024;
constexpr std::uint64_t kBytes = shm::log_ring_bytes(kCapacity);

class RingSearchTest : public ::testing::Test {
 protected:
  void append(chat::RecordKind kind, std::uint8_t outcome = 0) {
    chat::Record record;
    record.header.kind = kind;
    record.header.outcome = outcome;
    if (chat::is_durable(kind) && outcome == 0) ++seq_;
    record.header.seq = seq_;
    const std::string text(random_() % 300, 'x');
    record.text = text;
    chat::encode_record(record, bytes_);
    writer_->append(bytes_);
    writer_->publish();
    header().durable_end.store(writer_->end());
  }
  void append_any() {
    if (random_() % 8 == 0) return append(chat::RecordKind::Register, 5);  // refused: not numbered
    append(random_() % 4 == 0 ? chat::RecordKind::Join : chat::RecordKind::Say);
  }

  shm::LogRingHeader& header() { return *reinterpret_cast<shm::LogRingHeader*>(memory_.get()); }
  shm::LogRingReader reader() { return {memory_.get(), kBytes}; }

  // The first message's number above `seq` that is read from `position` on; and how many records are read until then.
  std::uint64_t first_above(std::uint64_t seq, shm::Position position, int& read) {
    shm::LogRingReader from = reader();
    from.seek(position);
    for (read = 1; from.read(bytes_) == shm::ReadResult::Record; ++read) {
      const auto record = chat::decode_record(bytes_);
      if (record && chat::is_numbered(record->header) && record->header.seq > seq) return record->header.seq;
    }
    return 0;
  }

  struct Free {
    void operator()(std::byte* memory) const noexcept { std::free(memory); }
  };
  std::unique_ptr<std::byte, Free> memory_ = [] {
    void* memory = std::aligned_alloc(64, kBytes);
    std::memset(memory, 0, kBytes);
    return std::unique_ptr<std::byte, Free>(static_cast<std::byte*>(memory));
  }();
  std::unique_ptr<shm::LogRingWriter> writer_ = std::make_unique<shm::LogRingWriter>(memory_.get(), kCapacity);
  std::uint64_t seq_ = 0;
  std::vector<std::byte> bytes_;
  std::minstd_rand random_{5};
};

TEST_F(RingSearchTest, FindsEveryNumberThatIsThereNearby) {
  seq_ = 1000;  // of the server's earlier lives
  for (int i = 0; i < 3000; ++i) {
    append_any();
    if (i % 50 != 0) continue;
    RingSearch search(reader());
    std::uint64_t stored_to = 0;
    for (std::uint64_t seq = seq_ > 1200 ? seq_ - 1200 : 0; seq < seq_; ++seq) {
      const RingPlace place = search.find(seq);
      if (!place.position) {
        ASSERT_GT(place.stored_to, seq);
        ASSERT_LE(place.stored_to, seq_);
        stored_to = place.stored_to;
        continue;
      }
      ASSERT_GE(seq, stored_to) << "the ring has what is above, and nothing below was taken for it";
      int read = 0;
      ASSERT_EQ(first_above(seq, *place.position, read), seq + 1);
      // A section has 64 words, a record 12 at least; and a section can be without a landmark.
      ASSERT_LE(read, 20);
    }
    ASSERT_GE(stored_to, 1000U) << "what was said in earlier lives is not in the ring";
    if (stored_to < seq_) {
      ASSERT_TRUE(search.find(stored_to).position.has_value()) << "where the store ends the ring begins";
    }
  }
}

TEST_F(RingSearchTest, OfAnEmptyRingKnowsNothing) {
  const RingPlace place = RingSearch(reader()).find(5);
  EXPECT_FALSE(place.position);
  EXPECT_EQ(place.stored_to, 0U);
}

TEST_F(RingSearchTest, BeyondTheNewestIsAtTheEnd) {
  for (int i = 0; i < 100; ++i) append_any();
  const RingPlace place = RingSearch(reader()).find(seq_ + 5);
  ASSERT_TRUE(place.position.has_value());
  int read = 0;
  EXPECT_EQ(first_above(seq_ + 5, *place.position, read), 0U);
}

TEST_F(RingSearchTest, WhatIsNotDurableIsNotLookedForInTheStore) {
  seq_ = 10;
  for (int i = 0; i < 100; ++i) append_any();
  header().durable_end.store(0);
  EXPECT_EQ(RingSearch(reader()).find(3).stored_to, 10U) << "what lies before the ring is durable at any rate";
}

}  // namespace
}  // namespace rookery::worker
