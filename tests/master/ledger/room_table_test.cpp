// The room table: what loops see of the rooms, and what a successor reads of it.

#include "master/ledger/room_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "ipc/shm/segment.h"

namespace rookery::ledger {
namespace {

class RoomTableTest : public ::testing::Test {
 protected:
  RoomTableTest() { static_cast<void>(shm::reserve(segment_.writer_descriptor(), 0, segment_.size_bytes())); }

  [[nodiscard]] std::size_t entries_of_index() const {
    const auto* words = reinterpret_cast<const shm::HashIndex::Word*>(mapping_.data() + layout_.room_index());
    std::size_t used = 0;
    for (std::uint64_t i = 1; i < chat::kRoomIndexWords; ++i)
      if (words[i].load() != 0) ++used;
    return used;
  }

  chat::LedgerLayout layout_{2};
  shm::Segment segment_{"room-table-test", layout_.total_bytes()};
  shm::Mapping mapping_{segment_.writer_descriptor(), shm::Access::ReadWrite, segment_.size_bytes()};
  chat::LedgerRegionView region_{mapping_, layout_};
};

// Rooms and their table, as a ledger that starts on the region has them.
struct Book {
  explicit Book(const chat::LedgerRegionView& region) : table(region) { table.restore(rooms); }

  void write_through() { table.follow(rooms); }

  Rooms rooms{chat::kMaxRooms};
  RoomTable table;
};

TEST_F(RoomTableTest, ASuccessorFindsWhatWasWrittenThrough) {
  std::uint32_t kept = 0;
  {
    Book book(region_);
    kept = book.rooms.join("#kept")->room;
    static_cast<void>(book.rooms.join("#kept"));
    book.rooms.applied_at(40);
    book.write_through();
    static_cast<void>(book.rooms.join("#lost"));  // not published: dies with this ledger
  }
  Book successor(region_);
  EXPECT_EQ(successor.rooms.name(kept), "#kept");
  EXPECT_EQ(successor.rooms.join("#kept")->members, 3U);
  EXPECT_EQ(successor.rooms.join("#new")->members, 1U);
}

TEST_F(RoomTableTest, LoopsFindARoomByItsNameWhileItExists) {
  Book book(region_);
  const std::uint32_t den = book.rooms.join("#Den")->room;
  EXPECT_FALSE(region_.find_room("#den")) << "not published yet";
  book.write_through();
  EXPECT_EQ(region_.find_room("#dEN"), den);
  EXPECT_FALSE(region_.find_room("#de"));
  // It ends, and its number is given to another in the same batch.
  static_cast<void>(book.rooms.leave(den));
  ASSERT_EQ(book.rooms.join("#other")->room, den);
  book.write_through();
  EXPECT_FALSE(region_.find_room("#den"));
  EXPECT_EQ(region_.find_room("#other"), den);
  static_cast<void>(book.rooms.leave(den));
  book.write_through();
  EXPECT_FALSE(region_.find_room("#other"));
}

TEST_F(RoomTableTest, RoomsThatComeAndGoDoNotFillTheIndex) {
  Book book(region_);
  ASSERT_TRUE(book.rooms.join("#stays"));
  for (int i = 0; i < 40'000; ++i) {  // more than the index has entries
    const std::uint32_t room = book.rooms.join("#gone" + std::to_string(i))->room;
    book.write_through();
    ASSERT_EQ(region_.find_room("#gone" + std::to_string(i)), room);
    static_cast<void>(book.rooms.leave(room));
    book.write_through();
  }
  EXPECT_TRUE(region_.find_room("#stays"));
  EXPECT_EQ(entries_of_index(), 1U);
}

TEST_F(RoomTableTest, AFullTableIsFoundNameByNameInAFewSteps) {
  Book book(region_);
  const auto name = [](std::uint32_t i) { return "#room" + std::to_string(i); };
  for (std::uint32_t i = 1; i < chat::kMaxRooms; ++i) ASSERT_TRUE(book.rooms.join(name(i)));
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
TEST_F(RoomTableTest, ASuccessorMendsTheIndex) {
  {
    Book book(region_);
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(book.rooms.join("#room" + std::to_string(i)));
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
  const Book successor(region_);
  EXPECT_EQ(region_.header().name_secret, secret) << "loops have it in use";
  EXPECT_EQ(region_.find_room("#room7"), unknown);
  EXPECT_FALSE(region_.find_room("#room8"));
  EXPECT_EQ(entries_of_index(), 99U);
}

// Killed between the room and the count of rooms: the successor does not know the room until it replays the join.
TEST_F(RoomTableTest, ANewRoomIsFoundWhenItsLedgerDiedBeforeItCountedIt) {
  std::uint32_t room = 0;
  {
    Book book(region_);
    static_cast<void>(book.rooms.join("#old"));
    room = book.rooms.join("#new")->room;
    book.rooms.applied_at(40);
    book.write_through();
  }
  region_.header().rooms_high_water.fetch_sub(1);
  Book successor(region_);
  successor.rooms.replay(room, "#new", 1, 40);
  successor.write_through();
  EXPECT_EQ(region_.find_room("#new"), room);
  EXPECT_EQ(entries_of_index(), 2U);
}

}  // namespace
}  // namespace rookery::ledger
