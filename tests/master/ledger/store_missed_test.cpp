// What somebody missed: several rooms, the broadcasts and one account's direct messages in one walk, in pages that are
// bounded by what they look at as well as by what they find. And the epochs that are over.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/master/ledger/store_fixture.h"

namespace rookery::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::uint64_t> seqs_of(const MissedPage& page) {
  std::vector<std::uint64_t> seqs;
  for (const auto& bytes : page.records) {
    const auto record = chat::decode_record(bytes);
    seqs.push_back(record ? record->header.seq : 0);
  }
  return seqs;
}

class StoreMissedTest : public testing::Test {
 protected:
  StoreMissedTest() : store_(directory_.path()) {
    chat::Record to_a_guest = direct(8, 7, "guest7", "8");  // the same number as the account's
    to_a_guest.header.flags = chat::kTargetIsGuest;
    EXPECT_TRUE(
        store_group(store_, {say(1, "#a", "1"), say(2, "#b", "2"), broadcast(3, "3"),
                             registration(4, 7, "alice", "hash"), direct(5, 7, "alice", "5"), direct(6, 9, "bob", "6"),
                             say(7, "#A", "7"), to_a_guest, say(9, "#c", "9"), broadcast(10, "10")}));
  }

  static MissedQuery everything() {
    MissedQuery query;
    query.topics = {100, 7, 100, {{"#a", 100}, {"#B", 100}, {"#nowhere", 100}}};
    return query;
  }

  TemporaryDirectory directory_;
  Store store_;
  StoreReader reader_{directory_.path()};
};

TEST_F(StoreMissedTest, IsInTheOrderOfNumbersWhateverItWasSaidIn) {
  const MissedPage page = reader_.missed(everything());
  EXPECT_THAT(seqs_of(page), ElementsAre(1, 2, 3, 5, 7, 10));
  EXPECT_EQ(page.found, 6U);
  EXPECT_EQ(page.looked_to, ~0ULL);
  EXPECT_EQ(chat::decode_record(page.records[3])->target_name, "alice");
  EXPECT_EQ(chat::decode_record(page.records[4])->target_name, "#a");
  EXPECT_EQ(chat::decode_record(page.records[4])->header.slot_epoch, 0xfedcba9876543210);
}

TEST_F(StoreMissedTest, EachTopicHasItsOwnEnd) {
  MissedQuery query = everything();
  query.topics = {3, 7, 4, {{"#a", 1}, {"#b", 2}}};
  EXPECT_THAT(seqs_of(reader_.missed(query)), ElementsAre(1, 2, 3));
  query.topics = {10, 0, 100, {}};
  EXPECT_THAT(seqs_of(reader_.missed(query)), ElementsAre(3, 10)) << "nobody's direct messages";
}

TEST_F(StoreMissedTest, BoundsLeaveOutTheirOwnNumbers) {
  MissedQuery query = everything();
  query.above = 2;
  query.below = 7;
  const MissedPage page = reader_.missed(query);
  EXPECT_THAT(seqs_of(page), ElementsAre(3, 5));
  EXPECT_EQ(page.looked_to, 6U) << "all there is in these bounds";
  query.above = 10;
  query.below = 100;
  EXPECT_THAT(seqs_of(reader_.missed(query)), IsEmpty());
  EXPECT_EQ(reader_.missed(query).looked_to, 99U);
}

TEST_F(StoreMissedTest, APageEndsAfterSoManyRowsLookedAt) {
  MissedQuery query = everything();
  query.above = 3;
  query.below = 100;
  query.page_rows = 3;
  const MissedPage page = reader_.missed(query);
  EXPECT_THAT(seqs_of(page), ElementsAre(5, 7));
  EXPECT_EQ(page.looked_to, 7U);
  query.above = 7;
  query.page_rows = 2;
  EXPECT_THAT(seqs_of(reader_.missed(query)), IsEmpty()) << "nothing found is no reason to go on";
  EXPECT_EQ(reader_.missed(query).looked_to, 9U);
}

TEST_F(StoreMissedTest, APageEndsAfterSoManyFoundOrBytes) {
  MissedQuery query = everything();
  query.below = 100;
  query.page_messages = 2;
  MissedPage page = reader_.missed(query);
  EXPECT_THAT(seqs_of(page), ElementsAre(1, 2));
  EXPECT_EQ(page.looked_to, 2U);
  query.page_messages = 0;
  query.page_bytes = 1;
  page = reader_.missed(query);
  EXPECT_THAT(seqs_of(page), ElementsAre(1)) << "one message at least";
  EXPECT_EQ(page.looked_to, 1U);
  query.count_only = true;
  query.page_messages = 1;
  page = reader_.missed(query);
  EXPECT_EQ(page.found, 6U) << "counting is bounded by rows alone";
  EXPECT_THAT(page.records, IsEmpty());
  EXPECT_EQ(page.looked_to, 99U);
}

TEST_F(StoreMissedTest, PagesOfAnySizeAddUpToTheSame) {
  std::mt19937 generator(7);  // NOLINT: the same run each time
  const auto random = [&generator] { return static_cast<std::uint32_t>(generator()); };
  std::vector<chat::Record> records;
  const std::vector<std::string> rooms = {"#a", "#b", "#c"};
  for (std::uint64_t seq = 11; seq < 500; ++seq) {
    const std::uint32_t kind = random() % 5;
    if (kind == 3)
      records.push_back(broadcast(seq, "x"));
    else if (kind == 4)
      records.push_back(direct(seq, 7 + random() % 2, "alice", "x"));
    else
      records.push_back(say(seq, rooms[kind], "x"));
  }
  ASSERT_TRUE(store_group(store_, records));
  for (int round = 0; round < 100; ++round) {
    MissedQuery query = everything();
    query.topics.broadcasts_until = random() % 510;
    query.topics.account_until = random() % 510;
    query.topics.rooms[0].until = random() % 510;
    query.above = random() % 510;
    query.below = query.above + 1 + random() % 300;
    const std::vector<std::uint64_t> expected = seqs_of(reader_.missed(query));
    std::vector<std::uint64_t> given;
    std::uint64_t counted = 0;
    for (const bool count : {false, true}) {
      MissedQuery paged = query;
      paged.count_only = count;
      paged.page_rows = 1 + random() % 40;
      paged.page_messages = 1 + random() % 10;
      while (paged.above < query.below - 1) {
        const MissedPage page = reader_.missed(paged);
        ASSERT_GT(page.looked_to, paged.above);
        const auto seqs = seqs_of(page);
        given.insert(given.end(), seqs.begin(), seqs.end());
        if (count) counted += page.found;
        paged.above = page.looked_to;
      }
    }
    ASSERT_EQ(given, expected) << "round " << round;
    ASSERT_EQ(counted, expected.size()) << "round " << round;
  }
}

TEST_F(StoreMissedTest, PastEpochsAreKeptInTheirOrder) {
  const std::string first = store_.state().epoch;
  EXPECT_THAT(store_.state().past_epochs, IsEmpty());
  store_.renew_epoch();
  const std::string second = store_.state().epoch;
  store_.renew_epoch();
  ASSERT_TRUE(store_group(store_, {say(11, "#a", "x")}));
  const std::string third = store_.state().epoch;
  store_.renew_epoch();
  const auto check = [&](const StoreState& state) {
    ASSERT_EQ(state.past_epochs.size(), 3U);
    EXPECT_EQ(state.past_epochs[0].epoch, first);
    EXPECT_EQ(state.past_epochs[0].last_seq, 10U);
    EXPECT_EQ(state.past_epochs[1].epoch, second);
    EXPECT_EQ(state.past_epochs[1].last_seq, 10U);
    EXPECT_EQ(state.past_epochs[2].epoch, third);
    EXPECT_EQ(state.past_epochs[2].last_seq, 11U);
  };
  check(store_.state());
  { const Store gone = std::move(store_); }
  const Store again(directory_.path());
  check(again.state());
}

}  // namespace
}  // namespace rookery::store
