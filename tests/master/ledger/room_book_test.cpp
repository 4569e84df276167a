// The ledger's book of rooms: numbers, members, and what a successor reads of it.

#include "master/ledger/room_book.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "ipc/shm/segment.h"

namespace rookery::ledger {
namespace {

class RoomBookTest : public ::testing::Test {
 protected:
  RoomBookTest() { static_cast<void>(shm::reserve(segment_.writer_descriptor(), 0, segment_.size_bytes())); }

  [[nodiscard]] std::size_t entries_of_index() const {
    const auto* words = reinterpret_cast<const shm::HashIndex::Word*>(mapping_.data() + layout_.room_index());
    std::size_t used = 0;
    for (std::uint64_t i = 1; i < chat::kRoomIndexWords; ++i)
      if (words[i].load() != 0) ++used;
    return used;
  }

  chat::LedgerLayout layout_{2};
  shm::Segment segment_{"room-book-test", layout_.total_bytes()};
  shm::Mapping mapping_{segment_.writer_descriptor(), shm::Access::ReadWrite, segment_.size_bytes()};
  chat::LedgerRegionView region_{mapping_, layout_};
};

TEST_F(RoomBookTest, CountsMembersUnderOneNumberWhateverTheCase) {
  RoomBook book(region_);
  const auto first = book.join("#Den");
  const auto second = book.join("#den");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->room, second->room);
  EXPECT_EQ(second->members, 2U);
  EXPECT_EQ(book.name(first->room), "#Den") << "the first spelling stays";
  EXPECT_EQ(book.leave(first->room), 1U);
  EXPECT_EQ(book.leave(first->room), 0U);
  EXPECT_EQ(book.leave(first->room), std::nullopt) << "nobody is left to leave";
  EXPECT_EQ(book.name(first->room), "");
}

TEST_F(RoomBookTest, GivesANumberOnOnlyWhenTheLastMemberHasLeft) {
  RoomBook book(region_);
  const std::uint32_t a = book.join("#a")->room;
  const std::uint32_t b = book.join("#b")->room;
  EXPECT_NE(a, b);
  static_cast<void>(book.leave(a));
  EXPECT_EQ(book.join("#c")->room, a);
  EXPECT_NE(book.join("#a")->room, a);
}

TEST_F(RoomBookTest, TheLobbyIsAlwaysThereAndCountedElsewhere) {
  RoomBook book(region_);
  EXPECT_EQ(book.join("#LOBBY")->room, chat::kLobbyRoom);
  EXPECT_EQ(book.join("#lobby")->members, 0U);
  EXPECT_EQ(book.leave(chat::kLobbyRoom), 0U);
  EXPECT_EQ(book.name(chat::kLobbyRoom), "#lobby");
}

TEST_F(RoomBookTest, RefusesOneRoomMoreThanTheTableHolds) {
  RoomBook book(region_);
  for (std::uint32_t i = 1; i < chat::kMaxRooms; ++i) ASSERT_TRUE(book.join("#room" + std::to_string(i)));
  EXPECT_FALSE(book.join("#onemore"));
  EXPECT_TRUE(book.join("#room77")) << "those that are there can still be joined";
  static_cast<void>(book.leave(5));
  EXPECT_TRUE(book.join("#onemore"));
}

TEST_F(RoomBookTest, ASuccessorFindsWhatWasWrittenThrough) {
  std::uint32_t kept = 0;
  {
    RoomBook book(region_);
    kept = book.join("#kept")->room;
    static_cast<void>(book.join("#kept"));
    book.set_as_of(kept, 40);
    book.write_through();
    static_cast<void>(book.join("#lost"));  // not published: dies with this ledger
  }
  RoomBook successor(region_);
  EXPECT_EQ(successor.name(kept), "#kept");
  EXPECT_EQ(successor.join("#kept")->members, 3U);
  EXPECT_EQ(successor.join("#new")->members, 1U);
}

TEST_F(RoomBookTest, LoopsFindARoomByItsNameWhileItExists) {
  RoomBook book(region_);
  const std::uint32_t den = book.join("#Den")->room;
  EXPECT_FALSE(region_.find_room("#den")) << "not published yet";
  book.write_through();
  EXPECT_EQ(region_.find_room("#dEN"), den);
  EXPECT_FALSE(region_.find_room("#de"));
  // It ends, and its number is given to another in the same batch.
  static_cast<void>(book.leave(den));
  ASSERT_EQ(book.join("#other")->room, den);
  book.write_through();
  EXPECT_FALSE(region_.find_room("#den"));
  EXPECT_EQ(region_.find_room("#other"), den);
  static_cast<void>(book.leave(den));
  book.write_through();
  EXPECT_FALSE(region_.find_room("#other"));
}

TEST_F(RoomBookTest, RoomsThatComeAndGoDoNotFillTheIndex) {
  RoomBook book(region_);
  ASSERT_TRUE(book.join("#stays"));
  for (int i = 0; i < 40'000; ++i) {  // more than the index has entries
    const std::uint32_t room = book.join("#gone" + std::to_string(i))->room;
    book.write_through();
    ASSERT_EQ(region_.find_room("#gone" + std::to_string(i)), room);
    static_cast<void>(book.leave(room));
    book.write_through();
  }
  EXPECT_TRUE(region_.find_room("#stays"));
  EXPECT_EQ(entries_of_index(), 1U);
}

TEST_F(RoomBookTest, AFullTableIsFoundNameByNameInAFewSteps) {
  RoomBook book(region_);
  const auto name = [](std::uint32_t i) { return "#room" + std::to_string(i); };
  for (std::uint32_t i = 1; i < chat::kMaxRooms; ++i) ASSERT_TRUE(book.join(name(i)));
  book.write_through();
  const std::uint64_t secret = region_.header().name_secret;
  std::uint64_t most = 0;
  for (std::uint32_t i = 1; i < 2 * chat::kMaxRooms; ++i) {
    ASSERT_EQ(region_.find_room(name(i)).has_value(), i < chat::kMaxRooms) << name(i);
    std::uint64_t probes = 0;
    const auto none = [](std::uint32_t) { return false; };
    static_cast<void>(region_.room_index().find(chat::room_name_hash(name(i), secret), none, &probes));
    most = std::max(most, probes);
  }
  EXPECT_LT(most, 300U) << "entries looked at for one name";
}

// Whatever a death in the middle of a batch leaves, the successor's index is that of its table.
TEST_F(RoomBookTest, ASuccessorMendsTheIndex) {
  {
    RoomBook book(region_);
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(book.join("#room" + std::to_string(i)));
    book.write_through();
  }
  const std::uint64_t secret = region_.header().name_secret;
  const auto room = [&](int i) { return *region_.find_room("#room" + std::to_string(i)); };
  const std::uint32_t unknown = room(7);
  region_.room_index().remove(chat::room_name_hash("#room7", secret), unknown);  // in the table only
  chat::RoomState ended = region_.rooms()[room(8)].load_own();
  const std::uint32_t still_listed = room(8);
  ended.members = 0;
  region_.rooms()[still_listed].store(ended);  // in the index only
  ASSERT_TRUE(region_.room_index().insert(chat::room_name_hash("#never", secret), 5000));
  const RoomBook successor(region_);
  EXPECT_EQ(region_.header().name_secret, secret) << "loops have it in use";
  EXPECT_EQ(region_.find_room("#room7"), unknown);
  EXPECT_FALSE(region_.find_room("#room8"));
  EXPECT_EQ(entries_of_index(), 99U);
}

// Killed between the room and the count of rooms: the successor does not know the room until it replays the join.
TEST_F(RoomBookTest, ANewRoomIsFoundWhenItsLedgerDiedBeforeItCountedIt) {
  std::uint32_t room = 0;
  {
    RoomBook book(region_);
    static_cast<void>(book.join("#old"));
    room = book.join("#new")->room;
    book.set_as_of(room, 40);
    book.write_through();
  }
  region_.header().rooms_high_water.fetch_sub(1);
  RoomBook successor(region_);
  successor.replay(room, "#new", 1, 40);
  successor.write_through();
  EXPECT_EQ(region_.find_room("#new"), room);
  EXPECT_EQ(entries_of_index(), 2U);
}

TEST_F(RoomBookTest, ReplaysOnlyWhatIsNewerThanTheTable) {
  RoomBook book(region_);
  const std::uint32_t room = book.join("#den")->room;
  book.set_as_of(room, 100);
  book.replay(room, "#den", 9, 100);
  EXPECT_EQ(book.join("#den")->members, 2U) << "position 100 was in the table already";
  book.replay(room, "#den", 9, 140);
  EXPECT_EQ(book.join("#den")->members, 10U);
  book.replay(room + 1, "#late", 1, 160);
  EXPECT_EQ(book.join("#late")->room, room + 1);
}

}  // namespace
}  // namespace rookery::ledger
