#include "ipc/chat/record.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <string>

namespace rookery::chat {
namespace {

Record sample() {
  Record record;
  record.header.kind = RecordKind::Direct;
  record.header.flags = kTargetIsGuest;
  record.header.outcome = 3;
  record.header.op = 4;
  record.header.session = 5;
  record.header.client = 6;
  record.header.account = 7;
  record.header.target = 8;
  record.header.seq = 9;
  record.header.time_ms = -10;
  record.header.slot_epoch = 11;
  record.header.outbox_number = 12;
  record.header.slot = 13;
  record.header.room = 14;
  record.header.members = 15;
  record.name = "alice";
  record.target_name = "guest17";
  record.text = "na\xc3\xafve text";
  record.id = "{\"any\":1}";
  return record;
}

void expect_same(const Record& a, const Record& b) {
  EXPECT_EQ(a.header.kind, b.header.kind);
  EXPECT_EQ(a.header.flags, b.header.flags);
  EXPECT_EQ(a.header.outcome, b.header.outcome);
  EXPECT_EQ(a.header.op, b.header.op);
  EXPECT_EQ(a.header.session, b.header.session);
  EXPECT_EQ(a.header.client, b.header.client);
  EXPECT_EQ(a.header.account, b.header.account);
  EXPECT_EQ(a.header.target, b.header.target);
  EXPECT_EQ(a.header.seq, b.header.seq);
  EXPECT_EQ(a.header.time_ms, b.header.time_ms);
  EXPECT_EQ(a.header.slot_epoch, b.header.slot_epoch);
  EXPECT_EQ(a.header.outbox_number, b.header.outbox_number);
  EXPECT_EQ(a.header.slot, b.header.slot);
  EXPECT_EQ(a.header.room, b.header.room);
  EXPECT_EQ(a.header.members, b.header.members);
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.target_name, b.target_name);
  EXPECT_EQ(a.text, b.text);
  EXPECT_EQ(a.id, b.id);
}

TEST(RecordTest, ComesBackAsItWas) {
  std::vector<std::byte> bytes(1000, std::byte{0x77});  // what was in the buffer does not matter
  encode_record(sample(), bytes);
  EXPECT_EQ(bytes.size(), 88U + 5 + 7 + 11 + 9);
  const auto decoded = decode_record(bytes);
  ASSERT_TRUE(decoded);
  expect_same(*decoded, sample());
}

TEST(RecordTest, StringsFollowTheHeaderInOrder) {
  std::vector<std::byte> bytes;
  encode_record(sample(), bytes);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()) + 88, bytes.size() - 88),
            "aliceguest17na\xc3\xafve text{\"any\":1}");
}

TEST(RecordTest, EmptyAndLargestStringsComeBack) {
  Record record;
  record.header.kind = RecordKind::Leave;
  std::vector<std::byte> bytes;
  encode_record(record, bytes);
  EXPECT_EQ(bytes.size(), sizeof(RecordHeader));
  EXPECT_TRUE(decode_record(bytes));

  const std::string name(255, 'n');
  const std::string room(255, 'r');
  const std::string text(100'000, 't');
  const std::string id(65'535, 'i');
  record.name = name;
  record.target_name = room;
  record.text = text;
  record.id = id;
  encode_record(record, bytes);
  const auto decoded = decode_record(bytes);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->name, name);
  EXPECT_EQ(decoded->target_name, room);
  EXPECT_EQ(decoded->text, text);
  EXPECT_EQ(decoded->id, id);
}

TEST(RecordTest, EveryShorterOrLongerBufferIsRefused) {
  std::vector<std::byte> bytes;
  encode_record(sample(), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_record(std::span(bytes).first(size))) << size;
  bytes.push_back(std::byte{0});
  EXPECT_FALSE(decode_record(bytes));
}

TEST(RecordTest, UnknownKindsAreRefused) {
  std::vector<std::byte> bytes;
  encode_record(sample(), bytes);
  for (unsigned kind = 0; kind < 256; ++kind) {
    bytes[0] = static_cast<std::byte>(kind);
    EXPECT_EQ(decode_record(bytes).has_value(), kind >= 1 && kind <= 12) << kind;
  }
}

TEST(RecordTest, PatchingTheHeaderKeepsTheStrings) {
  std::vector<std::byte> bytes;
  encode_record(sample(), bytes);
  Record changed = *decode_record(bytes);
  changed.header.seq = 4711;
  changed.header.outcome = 0;
  patch_header(bytes, changed.header);
  const auto decoded = decode_record(bytes);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->header.seq, 4711U);
  EXPECT_EQ(decoded->text, sample().text);
}

// A copy that ends where its allocation ends, so that AddressSanitizer sees the first byte read beyond it; the strings
// that come back must lie within it in any build.
TEST(RecordTest, RandomMutationsNeverLeadOutside) {
  std::mt19937_64 random(42);
  std::vector<std::byte> original;
  encode_record(sample(), original);
  int accepted = 0;
  for (int round = 0; round < 10'000; ++round) {
    const std::size_t size = random() % 3 == 0 ? random() % (original.size() + 1) : original.size();
    const auto copy = std::make_unique<std::byte[]>(size);
    std::memcpy(copy.get(), original.data(), size);
    const auto changes = 1 + random() % 3;
    for (std::uint64_t i = 0; i < changes && size > 0; ++i) {
      // The lengths at the header's end are what matters most.
      const std::size_t at = random() % 2 == 0 ? 80 + random() % 8 : random() % size;
      if (at < size) copy[at] = static_cast<std::byte>(random() & 0xff);
    }
    const auto decoded = decode_record({copy.get(), size});
    if (!decoded) continue;
    ++accepted;
    std::size_t total = sizeof(RecordHeader);
    const auto* begin = reinterpret_cast<const char*>(copy.get());
    for (const auto& view : {decoded->name, decoded->target_name, decoded->text, decoded->id}) {
      ASSERT_EQ(view.data(), begin + total);
      total += view.size();
      const std::string touched(view);
      ASSERT_EQ(touched.size(), view.size());
    }
    ASSERT_EQ(total, size);
  }
  EXPECT_GT(accepted, 100);
}

TEST(RecordTest, DurableIsWhatPeopleAndAccountsWouldMiss) {
  for (const RecordKind kind : {RecordKind::Say, RecordKind::Broadcast, RecordKind::Direct, RecordKind::Register,
                                RecordKind::ReserveClients, RecordKind::ChangeAccount, RecordKind::ChangeBan})
    EXPECT_TRUE(is_durable(kind));
  for (const RecordKind kind : {RecordKind::None, RecordKind::Join, RecordKind::Leave, RecordKind::Notice,
                                RecordKind::FetchHistory, RecordKind::FetchMissed, static_cast<RecordKind>(200)})
    EXPECT_FALSE(is_durable(kind));
}

}  // namespace
}  // namespace rookery::chat
