// What a loop asks for when somebody resumes: the topics as bytes, which the ledger must not believe.
#include "ipc/chat/history_exchange.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "ipc/chat/ledger_region.h"
#include "ipc/chat/record.h"
#include "ipc/chat/session_block.h"

namespace rookery::chat {
namespace {

TEST(MissedTopicsTest, ComeBackAsTheyWere) {
  const std::string bytes = encode_missed_topics({5, 7, ~0ULL, {{"#lobby", 1}, {"#den", ~0ULL - 1}}});
  EXPECT_EQ(bytes.size(), 24U + (9 + 6) + (9 + 4));
  const auto topics = decode_missed_topics(bytes);
  ASSERT_TRUE(topics.has_value());
  EXPECT_EQ(topics->broadcasts_until, 5U);
  EXPECT_EQ(topics->account, 7U);
  EXPECT_EQ(topics->account_until, ~0ULL);
  ASSERT_EQ(topics->rooms.size(), 2U);
  EXPECT_EQ(topics->rooms[0].name, "#lobby");
  EXPECT_EQ(topics->rooms[1].name, "#den");
  EXPECT_EQ(topics->rooms[1].until, ~0ULL - 1);
}

TEST(MissedTopicsTest, OfAsManyRoomsAsAClientMayHaveFitARecord) {
  MissedTopics topics;
  const std::string name = "#" + std::string(32, 'x');
  for (int i = 0; i < 129; ++i) topics.rooms.push_back({name, 1});
  EXPECT_LE(encode_missed_topics(topics).size() + sizeof(RecordHeader), kMaxRecordBytes);
}

TEST(MissedTopicsTest, CutAnywhereOrDamagedAreRefusedOrHarmless) {
  const std::string whole = encode_missed_topics({5, 7, 9, {{"#lobby", 1}, {"#den", 2}}});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto topics = decode_missed_topics(std::string_view(whole).substr(0, length));
    const bool at_a_seam = length == 24 || length == 24 + 15;
    EXPECT_EQ(topics.has_value(), at_a_seam) << length;
  }
  std::mt19937 random(7);  // NOLINT: the same run each time
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = whole;
    damaged[random() % damaged.size()] = static_cast<char>(random());
    if (const auto topics = decode_missed_topics(damaged)) {
      std::size_t bytes = 24;
      for (const auto& room : topics->rooms) bytes += 9 + std::string(room.name).size();
      ASSERT_EQ(bytes, damaged.size());
    }
  }
}

TEST(SessionRoomTest, HoldsAnyRoomAndAnyNumberThatWillBeGiven) {
  for (const std::uint32_t id : {0U, 1U, kMaxRooms - 1}) {
    for (const std::uint64_t seq : {std::uint64_t{0}, std::uint64_t{1}, (std::uint64_t{1} << 50) - 1}) {
      const SessionRoom room = SessionRoom::unpack(SessionRoom{id, seq}.packed());
      EXPECT_EQ(room.id, id);
      EXPECT_EQ(room.had_from, seq);
    }
  }
}

}  // namespace
}  // namespace rookery::chat
