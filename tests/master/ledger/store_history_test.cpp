// A room's history: its messages with the broadcasts between them, in bounds, from either end, a page at a time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "master/ledger/store.h"
#include "tests/master/ledger/store_fixture.h"

namespace rookery::store {
namespace {

using chat::HistoryOrder;
using testing::ElementsAre;
using testing::IsEmpty;

class StoreHistoryTest : public testing::Test {
 protected:
  StoreHistoryTest() : store_(directory_.path()) {
    // #a: 1 3 6 8, #b: 2 7, broadcasts: 4 9, direct: 5
    EXPECT_TRUE(store_group(store_, {say(1, "#a", "1"), say(2, "#b", "2"), say(3, "#A", "3"), broadcast(4, "4")}));
    EXPECT_TRUE(store_group(store_, {direct(5, 1, "alice", "5"), say(6, "#a", "6"), say(7, "#b", "7"),
                                     say(8, "#a", "8"), broadcast(9, "9")}));
  }

  static HistoryQuery query(std::string room, std::uint32_t limit, HistoryOrder order = HistoryOrder::Newest) {
    HistoryQuery query;
    query.room = std::move(room);
    query.limit = limit;
    query.order = order;
    return query;
  }

  TemporaryDirectory directory_;
  Store store_;
  StoreReader reader_{directory_.path()};
};

TEST_F(StoreHistoryTest, HasTheRoomsMessagesAndTheBroadcastsBetweenThem) {
  const HistoryPage page = reader_.history(query("#a", 100));
  EXPECT_TRUE(page.room_known);
  EXPECT_THAT(seqs_of(page), ElementsAre(1, 3, 4, 6, 8, 9));
  EXPECT_EQ(page.remaining, 0U);
}

TEST_F(StoreHistoryTest, RoomNamesAreTheSameInAnyCaseAndTheFirstSpellingStays) {
  const HistoryPage page = reader_.history(query("#A", 2, HistoryOrder::Oldest));
  ASSERT_THAT(seqs_of(page), ElementsAre(1, 3));
  EXPECT_EQ(chat::decode_record(page.records[1])->target_name, "#a");
}

TEST_F(StoreHistoryTest, NewestAndOldestDifferInWhichTheyTakeNotInOrder) {
  EXPECT_THAT(seqs_of(reader_.history(query("#a", 3))), ElementsAre(6, 8, 9));
  EXPECT_THAT(seqs_of(reader_.history(query("#a", 3, HistoryOrder::Oldest))), ElementsAre(1, 3, 4));
  EXPECT_THAT(seqs_of(reader_.history(query("#a", 0))), IsEmpty());
}

TEST_F(StoreHistoryTest, BoundsLeaveOutTheirOwnNumbers) {
  HistoryQuery bounded = query("#a", 100);
  bounded.above = 3;
  bounded.below = 8;
  EXPECT_THAT(seqs_of(reader_.history(bounded)), ElementsAre(4, 6));
  bounded.limit = 1;
  EXPECT_THAT(seqs_of(reader_.history(bounded)), ElementsAre(6));
  bounded.order = HistoryOrder::Oldest;
  EXPECT_THAT(seqs_of(reader_.history(bounded)), ElementsAre(4));
  bounded.above = ~0ULL;
  EXPECT_THAT(seqs_of(reader_.history(bounded)), IsEmpty());
  bounded.above = 0;
  bounded.below = ~0ULL;
  bounded.limit = 100;
  EXPECT_THAT(seqs_of(reader_.history(bounded)), ElementsAre(1, 3, 4, 6, 8, 9));
}

TEST_F(StoreHistoryTest, OfAnUnknownRoomOnlyTheBroadcasts) {
  const HistoryPage page = reader_.history(query("#nowhere", 100));
  EXPECT_FALSE(page.room_known);
  EXPECT_THAT(seqs_of(page), ElementsAre(4, 9));
}

TEST_F(StoreHistoryTest, TheStarIsTheBroadcastsAlone) {
  const HistoryPage page = reader_.history(query("*", 100));
  EXPECT_TRUE(page.room_known);
  EXPECT_THAT(seqs_of(page), ElementsAre(4, 9));
}

TEST_F(StoreHistoryTest, PagesEndExactlyAndGoOnWhereTheyEnded) {
  HistoryQuery first = query("#a", 5);
  first.page_messages = 2;
  const HistoryPage one = reader_.history(first);
  EXPECT_THAT(seqs_of(one), ElementsAre(3, 4));
  EXPECT_EQ(one.remaining, 3U);

  HistoryQuery next = query("#a", one.remaining, HistoryOrder::Oldest);
  next.page_messages = 2;
  next.above = 4;
  const HistoryPage two = reader_.history(next);
  EXPECT_THAT(seqs_of(two), ElementsAre(6, 8));
  EXPECT_EQ(two.remaining, 1U);

  next.above = 8;
  next.limit = two.remaining;
  const HistoryPage three = reader_.history(next);
  EXPECT_THAT(seqs_of(three), ElementsAre(9));
  EXPECT_EQ(three.remaining, 0U);
}

TEST_F(StoreHistoryTest, RemainingCountsWhatIsThereNotWhatWasAskedFor) {
  HistoryQuery paged = query("#b", 1000);
  paged.page_messages = 4;
  EXPECT_EQ(reader_.history(paged).remaining, 0U);
  paged.page_messages = 3;
  EXPECT_EQ(reader_.history(paged).remaining, 1U);
}

TEST_F(StoreHistoryTest, APageIsBoundedInBytesButNeverEmpty) {
  ASSERT_TRUE(store_group(store_, {say(10, "#big", std::string(5000, 'x')), say(11, "#big", std::string(5000, 'y')),
                                   say(12, "#big", std::string(5000, 'z'))}));
  HistoryQuery paged = query("#big", 3);
  paged.page_bytes = 1000;
  EXPECT_THAT(seqs_of(reader_.history(paged)), ElementsAre(10));
  EXPECT_EQ(reader_.history(paged).remaining, 2U);
  paged.page_bytes = 11000;
  EXPECT_THAT(seqs_of(reader_.history(paged)), ElementsAre(10, 11));
  EXPECT_EQ(reader_.history(paged).remaining, 1U);
}

TEST_F(StoreHistoryTest, ReadsNoMoreThanTheMostAWalkMayTake) {
  std::vector<chat::Record> records;
  for (std::uint64_t seq = 10; seq < 10 + kMaxHistoryWalk + 5; ++seq) records.push_back(say(seq, "#long", "x"));
  ASSERT_TRUE(store_group(store_, records));
  HistoryQuery paged = query("#long", ~0U);
  paged.page_messages = 6;
  const HistoryPage page = reader_.history(paged);
  EXPECT_THAT(seqs_of(page), ElementsAre(15, 16, 17, 18, 19, 20));
  EXPECT_EQ(page.remaining, kMaxHistoryWalk - 6);
}

// The model: a list of (seq, room), filtered, sorted, cut.
TEST_F(StoreHistoryTest, AgreesWithASimpleModel) {
  std::mt19937 generator(7);  // NOLINT: the same run each time
  const auto random = [&generator] { return static_cast<std::uint32_t>(generator()); };
  const std::vector<std::string> rooms = {"#r0", "#r1", "#r2", "#r3"};
  std::vector<std::pair<std::uint64_t, std::size_t>> model;  // 4: broadcast
  model.insert(model.end(), {{4, 4}, {9, 4}});
  std::vector<chat::Record> records;
  for (std::uint64_t seq = 10; seq < 400; ++seq) {
    const std::size_t room = random() % 5;
    model.emplace_back(seq, room);
    records.push_back(room == 4 ? broadcast(seq, "x") : say(seq, rooms[room], "x"));
  }
  ASSERT_TRUE(store_group(store_, records));
  for (int round = 0; round < 500; ++round) {
    const std::size_t room = random() % 4;
    HistoryQuery asked =
        query(rooms[room], random() % 120, random() % 2 == 0 ? HistoryOrder::Newest : HistoryOrder::Oldest);
    asked.above = random() % 410;
    asked.below = random() % 410;
    asked.page_messages = random() % 50;
    std::vector<std::uint64_t> expected;
    for (const auto& [seq, of_room] : model) {
      if ((of_room == room || of_room == 4) && seq > asked.above && (asked.below == 0 || seq < asked.below)) {
        expected.push_back(seq);
      }
    }
    if (expected.size() > asked.limit) {
      const auto extra = static_cast<std::ptrdiff_t>(expected.size() - asked.limit);
      if (asked.order == HistoryOrder::Newest) {
        expected.erase(expected.begin(), expected.begin() + extra);
      } else {
        expected.erase(expected.end() - extra, expected.end());
      }
    }
    const std::size_t in_page =
        asked.page_messages == 0 ? expected.size() : std::min<std::size_t>(expected.size(), asked.page_messages);
    const HistoryPage page = reader_.history(asked);
    EXPECT_EQ(page.remaining, expected.size() - in_page);
    expected.resize(in_page);
    ASSERT_EQ(seqs_of(page), expected) << "round " << round;
  }
}

TEST_F(StoreHistoryTest, ReadsWhileAnotherThreadWrites) {
  std::thread reading([this] {
    StoreReader reader(directory_.path());
    std::vector<std::uint64_t> seen;
    // Every page is a prefix of the room as it ends up: a group is seen whole or not at all.
    while (seen.size() < 2000) {
      seen = seqs_of(reader.history(query("#live", kMaxHistoryWalk, HistoryOrder::Oldest)));
      seen.erase(std::remove_if(seen.begin(), seen.end(), [](std::uint64_t seq) { return seq < 10; }), seen.end());
      ASSERT_EQ(seen.size() % 100, 0U);
      for (std::size_t i = 0; i < seen.size(); ++i) ASSERT_EQ(seen[i], 10 + i);
    }
  });
  for (std::uint64_t group = 0; group < 20; ++group) {
    std::vector<chat::Record> records;
    for (std::uint64_t i = 0; i < 100; ++i) records.push_back(say(10 + group * 100 + i, "#live", "x"));
    EXPECT_TRUE(store_group(store_, records));
  }
  reading.join();
}

}  // namespace
}  // namespace rookery::store
