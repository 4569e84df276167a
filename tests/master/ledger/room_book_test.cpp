// The ledger's book of rooms: numbers, members, and what a successor reads of it.

#include "master/ledger/room_book.h"

#include <gtest/gtest.h>

#include "ipc/shm/segment.h"

namespace rookery::ledger {
namespace {

class RoomBookTest : public ::testing::Test {
 protected:
  RoomBookTest() { static_cast<void>(shm::reserve(segment_.writer_descriptor(), 0, segment_.size_bytes())); }

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
