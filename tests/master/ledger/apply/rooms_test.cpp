// The ledger's rooms: numbers and members.
#include "master/ledger/apply/rooms.h"

#include <gtest/gtest.h>

#include "ipc/chat/record.h"

namespace rookery::ledger {
namespace {

constexpr std::uint32_t kMost = 100;

TEST(RoomsTest, CountsMembersUnderOneNumberWhateverTheCase) {
  Rooms rooms(kMost);
  const auto first = rooms.join("#Den");
  const auto second = rooms.join("#den");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->room, second->room);
  EXPECT_EQ(second->members, 2U);
  EXPECT_EQ(rooms.name(first->room), "#Den") << "the first spelling stays";
  EXPECT_EQ(rooms.leave(first->room), 1U);
  EXPECT_EQ(rooms.leave(first->room), 0U);
  EXPECT_EQ(rooms.leave(first->room), std::nullopt) << "the room has no members";
  EXPECT_EQ(rooms.name(first->room), "");
}

TEST(RoomsTest, GivesTheLowestFreeNumber) {
  Rooms rooms(kMost);
  const std::uint32_t a = rooms.join("#a")->room;
  const std::uint32_t b = rooms.join("#b")->room;
  const std::uint32_t c = rooms.join("#c")->room;
  EXPECT_LT(a, b);
  EXPECT_LT(b, c);
  static_cast<void>(rooms.leave(b));
  static_cast<void>(rooms.leave(a));
  EXPECT_EQ(rooms.join("#d")->room, a);
  EXPECT_EQ(rooms.join("#a")->room, b);
}

TEST(RoomsTest, TheLobbyIsAlwaysThereAndCountedElsewhere) {
  Rooms rooms(kMost);
  EXPECT_EQ(rooms.join("#LOBBY")->room, chat::kLobbyRoom);
  EXPECT_EQ(rooms.join("#lobby")->members, 0U);
  EXPECT_EQ(rooms.leave(chat::kLobbyRoom), 0U);
  EXPECT_EQ(rooms.name(chat::kLobbyRoom), "#lobby");
}

TEST(RoomsTest, RefusesOneRoomMoreThanThereAreNumbers) {
  Rooms rooms(kMost);
  for (std::uint32_t i = 1; i < kMost; ++i) ASSERT_TRUE(rooms.join("#room" + std::to_string(i)));
  EXPECT_FALSE(rooms.join("#onemore"));
  EXPECT_TRUE(rooms.join("#room77")) << "those that are there can still be joined";
  static_cast<void>(rooms.leave(5));
  EXPECT_TRUE(rooms.join("#onemore"));
}

TEST(RoomsTest, ReplaysOnlyWhatIsNewer) {
  Rooms rooms(kMost);
  const std::uint32_t room = rooms.join("#den")->room;
  rooms.applied_at(100);
  rooms.replay(room, "#den", 9, 100);
  EXPECT_EQ(rooms.join("#den")->members, 2U) << "position 100 was applied already";
  rooms.applied_at(110);
  rooms.replay(room, "#den", 9, 140);
  EXPECT_EQ(rooms.join("#den")->members, 10U);
  rooms.replay(room + 1, "#late", 1, 160);
  EXPECT_EQ(rooms.join("#late")->room, room + 1);
}

TEST(RoomsTest, SaysWhatChanged) {
  Rooms rooms(kMost);
  rooms.forget_changes();
  const std::uint32_t room = rooms.join("#den")->room;
  ASSERT_EQ(rooms.changed(), std::vector<std::uint32_t>{room});
  rooms.applied_at(30);
  rooms.forget_changes();
  EXPECT_TRUE(rooms.changed().empty());
  EXPECT_EQ(rooms.all()[room], (Room{.name = "#den", .members = 1, .as_of = 30}));
}

}  // namespace
}  // namespace rookery::ledger
