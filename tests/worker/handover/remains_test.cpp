// What a dead worker left of a session, against any damage: a block that is whole is read as it was written; wherever a
// bit of it is wrong, and whatever is, no answer leads outside of the region.
#include "worker/handover/remains.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <string>

#include "ipc/chat/ledger_region.h"
#include "worker/delivery/own_output.h"

namespace rookery::worker {
namespace {

constexpr std::uint64_t kClient = 17;
constexpr std::uint32_t kInput = 30;   // large buffers
constexpr std::uint32_t kFirst = 3;    // small
constexpr std::uint32_t kSecond = 31;  // large

class RemainsTest : public ::testing::Test {
 protected:
  RemainsTest() {
    EXPECT_TRUE(shm::reserve(segment_.writer_descriptor(), 0, layout_.total_bytes()));
    write_session();
  }

  [[nodiscard]] char* buffer(std::uint32_t number) {
    return reinterpret_cast<char*>(memory_.data()) + layout_.buffer(0, number);
  }
  [[nodiscard]] chat::SessionBlock& block() { return view().sessions(0)[1]; }
  [[nodiscard]] chat::WorkerRegionView view() { return {memory_, layout_}; }
  // By way of the journal, which has the next session's by then.
  void commit(const chat::SessionStream& stream) {
    view().control(0).journal.store(block().stream, 1, stream);
    view().control(0).journal.store(view().sessions(0)[2].stream, 2, {});
  }

  void write_session() {
    std::memcpy(buffer(kInput), "half a li", 9);
    write_output(kFirst, {.next = kSecond, .end = chat::kSmallBufferBytes}, 'a');
    write_output(kSecond, {.next = 0, .end = 500}, 'b');
    stream_ = {.input_buffer = kInput,
               .input_begin = 2,
               .input_end = 9,
               .output_head = kFirst,
               .output_tail = kSecond,
               .output_begin = 100,
               .output_end = 400,
               .dialect = 1,
               .user = 5};
    commit(stream_);
    block().rooms.words[0].store(chat::SessionRoom{7, 3}.packed());
    block().rooms.words[1].store(chat::SessionRoom{9, 4}.packed());
    block().rooms.count.store(2);
    block().client.store(kClient);
    block().state.store(static_cast<std::uint32_t>(chat::SessionState::Open));
  }
  void write_output(std::uint32_t number, OwnOutput::BufferHead head, char letter) {
    std::memset(buffer(number), letter, layout_.buffer_bytes(number));
    std::memcpy(buffer(number), &head, sizeof head);
  }
  [[nodiscard]] std::optional<Remains> read() {
    const WholeRegion region{&memory_, &layout_, segment_.reader_descriptor()};
    return read_remains(region, {0, 1}, kClient);
  }

  chat::WorkerLayout layout_{1, 8};
  shm::Segment segment_{"rookery-remains-test", layout_.total_bytes()};
  shm::Mapping memory_{segment_.writer_descriptor(), shm::Access::ReadWrite, layout_.total_bytes()};
  chat::SessionStream stream_;
};

TEST_F(RemainsTest, AWholeSessionIsReadAsItWasWritten) {
  const auto remains = read();
  ASSERT_TRUE(remains);
  EXPECT_EQ(remains->damage, "");
  EXPECT_EQ(remains->stream.user, 5U);
  EXPECT_EQ(remains->stream.input_end, 9);
  ASSERT_EQ(remains->rooms.size(), 2U);
  EXPECT_EQ(remains->rooms[1].id, 9U);
  ASSERT_EQ(remains->output.size(), 2U);
  EXPECT_EQ(remains->output[0].begin, 100U);
  EXPECT_EQ(remains->output[0].end, chat::kSmallBufferBytes);
  EXPECT_EQ(remains->output[1].begin, sizeof(OwnOutput::BufferHead));
  EXPECT_EQ(remains->output[1].end, 400U) << "the committed end, not what was added after it";
}

TEST_F(RemainsTest, NobodyElseSitsThere) {
  block().client.store(kClient + 1);
  EXPECT_FALSE(read());
  block().client.store(kClient);
  block().state.store(static_cast<std::uint32_t>(chat::SessionState::Free));
  EXPECT_FALSE(read());
}

TEST_F(RemainsTest, AChangeThatWasWrittenDownIsDone) {
  stream_.input_begin = 5;
  stream_.written_bytes = 77;
  view().control(0).journal.store(block().stream, 1, stream_);
  auto* const words = reinterpret_cast<std::uint64_t*>(&block().stream);
  for (std::size_t i = 3; i <= sizeof(chat::SessionStream) / 8; ++i) words[i] = 0x4141;  // what it had not got to yet
  const auto remains = read();
  EXPECT_EQ(remains->damage, "");
  EXPECT_EQ(remains->stream.input_begin, 5U);
  EXPECT_EQ(remains->stream.written_bytes, 77U);
}

TEST_F(RemainsTest, AChangeThatWasHalfWrittenDownHasNotBegun) {
  chat::SessionJournal& journal = view().control(0).journal;
  const std::string whole(reinterpret_cast<const char*>(&block().stream), sizeof block().stream);
  chat::SessionStream next = stream_;
  next.input_begin = 5;
  journal.store(block().stream, 1, next);
  std::memcpy(static_cast<void*>(&block().stream), whole.data(), whole.size());  // it had not come to that
  reinterpret_cast<std::uint64_t*>(&journal)[4] ^= 1;
  EXPECT_EQ(read()->damage, "");
  EXPECT_EQ(read()->stream.input_begin, stream_.input_begin);
}

TEST_F(RemainsTest, EveryNumberThatLeadsNowhereIsDamage) {
  const auto damage_of = [&](auto change) {
    chat::SessionStream stream = stream_;
    change(stream);
    commit(stream);
    return std::string(read()->damage);
  };
  EXPECT_NE(damage_of([](auto& stream) { stream.input_buffer = 1'000'000; }), "");
  EXPECT_NE(damage_of([](auto& stream) { stream.input_begin = 10; }), "");
  EXPECT_NE(damage_of([](auto& stream) { stream.input_end = 20'000; }), "");
  EXPECT_NE(damage_of([](auto& stream) { stream.output_head = 1'000'000; }), "");
  EXPECT_NE(damage_of([](auto& stream) { stream.output_tail = 77; }), "");
  EXPECT_NE(damage_of([](auto& stream) { stream.output_begin = 3; }), "") << "in the buffer's head";
  EXPECT_NE(damage_of([](auto& stream) { stream.output_end = 65'000; }), "");
  EXPECT_NE(damage_of([](auto& stream) { stream.dialect = 200; }), "");
  EXPECT_NE(damage_of([](auto& stream) { stream.flags = 0x80; }), "");
  EXPECT_NE(damage_of([](auto& stream) { stream.output_head = 0; }), "") << "a chain with an end and no beginning";
  EXPECT_EQ(damage_of([](auto&) {}), "");
}

TEST_F(RemainsTest, AChainWithoutEndIsDamage) {
  write_output(kSecond, {.next = kFirst, .end = 500}, 'b');
  stream_.output_tail = kInput;
  commit(stream_);
  EXPECT_NE(read()->damage, "");
}

TEST_F(RemainsTest, AFlippedBitInWhatIsCommittedIsSeen) {
  auto* const bytes = reinterpret_cast<unsigned char*>(&block().stream);
  for (std::size_t byte = 0; byte < sizeof block().stream; ++byte) {
    bytes[byte] ^= 0x10;
    EXPECT_NE(read()->damage, "") << byte;
    bytes[byte] ^= 0x10;
  }
}

TEST_F(RemainsTest, RandomDamageNeverLeadsOutside) {
  std::mt19937_64 random(5);
  const std::string whole(reinterpret_cast<const char*>(&block()), sizeof block());
  for (int round = 0; round < 20'000; ++round) {
    auto* const words = reinterpret_cast<std::uint64_t*>(&block());
    for (std::uint64_t i = 0; i <= random() % 4; ++i)
      words[random() % (sizeof block() / 8)] = random() >> random() % 64;
    block().client.store(kClient);
    block().state.store(static_cast<std::uint32_t>(chat::SessionState::Open));
    const auto remains = read();
    ASSERT_TRUE(remains);
    for (const OutputPart& part : remains->output) {
      ASSERT_TRUE(layout_.is_buffer(part.buffer));
      ASSERT_LE(part.begin, part.end);
      ASSERT_LE(part.end, layout_.buffer_bytes(part.buffer));
    }
    for (const chat::SessionRoom& room : remains->rooms) ASSERT_LT(room.id, chat::kMaxRooms);
    if (remains->stream.input_buffer != chat::kNoBuffer) {
      ASSERT_TRUE(layout_.is_buffer(remains->stream.input_buffer));
      ASSERT_LE(remains->stream.input_end, layout_.buffer_bytes(remains->stream.input_buffer));
    }
    std::memcpy(static_cast<void*>(&block()), whole.data(), whole.size());
  }
}

}  // namespace
}  // namespace rookery::worker
