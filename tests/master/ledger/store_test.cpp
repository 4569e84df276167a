// The store as the ledger uses it when nothing goes wrong: what was committed is there again, once and in order.
#include "master/ledger/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "tests/master/ledger/store_fixture.h"

namespace rookery::store {
namespace {

using testing::ElementsAre;

class StoreTest : public testing::Test {
 protected:
  TemporaryDirectory directory_;
};

TEST_F(StoreTest, FreshStoreStartsAtTheBeginningWithAnEpochOfItsOwn) {
  const TemporaryDirectory other;
  const Store store(directory_.path());
  const Store second(other.path());
  EXPECT_THAT(store.state().epoch, testing::MatchesRegex("[0-9a-f]{16}"));
  EXPECT_NE(store.state().epoch, second.state().epoch);
  EXPECT_EQ(store.state().last_seq, 0U);
  EXPECT_EQ(store.state().next_client, 1U);
  EXPECT_EQ(store.state().next_account, 1U);
  EXPECT_EQ(store.state().last_time_ms, 0);
}

TEST_F(StoreTest, NobodyElseMayReadTheFiles) {
  Store store(directory_.path());
  ASSERT_TRUE(store_group(store, {say(1, "#a", "x")}));
  for (const char* name : {"rookery.db", "rookery.db-wal", "rookery.db-shm"}) {
    struct stat status {};
    ASSERT_EQ(::stat((directory_.path() / name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << name;
  }
}

// More than is held in memory before it is handed to SQLite.
TEST_F(StoreTest, ALargeGroupIsStoredWholeOrNotAtAll) {
  constexpr std::uint64_t kMessages = 2500;
  const std::string text(1000, 'x');
  std::vector<chat::Record> records;
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t seq = 1; seq <= kMessages; ++seq) {
    records.push_back(say(seq, "#a", text));
    numbers.push_back(seq);
  }
  Store store(directory_.path());
  ASSERT_TRUE(store.begin());
  for (const chat::Record& record : records) ASSERT_TRUE(store.add(record)) << store.error();
  store.rollback();
  EXPECT_THAT(all_of_room(directory_.path(), "#a"), testing::IsEmpty());
  ASSERT_TRUE(store_group(store, {say(1, "#b", "another")}));
  records.erase(records.begin());
  numbers.erase(numbers.begin());
  ASSERT_TRUE(store_group(store, records)) << store.error();
  EXPECT_EQ(all_of_room(directory_.path(), "#a"), numbers);
  EXPECT_THAT(all_of_room(directory_.path(), "#b"), testing::ElementsAre(1));
}

TEST_F(StoreTest, ReopeningKeepsEverything) {
  std::string epoch;
  {
    Store store(directory_.path());
    epoch = store.state().epoch;
    ASSERT_TRUE(store_group(store, {reservation(1, 1, 64), registration(2, 1, "Alice", "hash-a"),
                                    registration(3, 2, "bob", "hash-b"), say(4, "#lobby", "hello")}));
    ASSERT_TRUE(store_group(store, {broadcast(5, "all"), direct(6, 2, "bob", "psst"), reservation(7, 65, 64)}));
    store.checkpoint();
  }
  const Store store(directory_.path());
  EXPECT_EQ(store.state().epoch, epoch);
  EXPECT_EQ(store.state().last_seq, 7U);
  EXPECT_EQ(store.state().next_client, 129U);
  EXPECT_EQ(store.state().next_account, 3U);
  EXPECT_EQ(store.state().last_time_ms, 1'700'000'000'007);
  std::vector<std::string> accounts;
  store.for_each_account([&](const StoredAccount& account) {
    accounts.push_back(std::to_string(account.id) + " " + account.name + " " + account.password_hash);
  });
  EXPECT_THAT(accounts, ElementsAre("1 Alice hash-a", "2 bob hash-b"));
  EXPECT_THAT(all_of_room(directory_.path(), "#lobby"), ElementsAre(4, 5));
}

TEST_F(StoreTest, AMessageComesBackAsItWasStored) {
  Store store(directory_.path());
  const std::string text = "na\xc3\xafve \"quoted\" \xf0\x9f\x90\xa6";
  ASSERT_TRUE(store_group(store, {say(1, "#Birds", text, "guest12"), broadcast(2, "b")}));
  StoreReader reader(directory_.path());
  HistoryQuery query;
  query.room = "#birds";
  query.limit = 10;
  const HistoryPage page = reader.history(query);
  ASSERT_EQ(page.records.size(), 2U);
  const auto record = chat::decode_record(page.records[0]);
  ASSERT_TRUE(record);
  const chat::Record sent = say(1, "#Birds", text, "guest12");
  EXPECT_EQ(record->header.kind, chat::RecordKind::Say);
  EXPECT_EQ(record->header.seq, sent.header.seq);
  EXPECT_EQ(record->header.time_ms, sent.header.time_ms);
  EXPECT_EQ(record->header.client, sent.header.client);
  EXPECT_EQ(record->header.account, sent.header.account);
  EXPECT_EQ(record->header.slot, sent.header.slot);
  EXPECT_EQ(record->header.slot_epoch, sent.header.slot_epoch);
  EXPECT_EQ(record->header.outbox_number, sent.header.outbox_number);
  EXPECT_EQ(record->name, "guest12");
  EXPECT_EQ(record->target_name, "#Birds");
  EXPECT_EQ(record->text, text);
  const auto second = chat::decode_record(page.records[1]);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->header.kind, chat::RecordKind::Broadcast);
  EXPECT_EQ(second->target_name, "");
}

TEST_F(StoreTest, WhatIsStoredAlreadyIsPassedOver) {
  Store store(directory_.path());
  ASSERT_TRUE(store_group(store, {say(1, "#a", "first"), registration(2, 1, "alice", "hash")}));
  // As a ledger does that cannot know how far its predecessor came.
  ASSERT_TRUE(store_group(store, {say(1, "#a", "first"), registration(2, 1, "alice", "hash"), say(3, "#a", "new")}));
  ASSERT_TRUE(store_group(store, {say(3, "#a", "new")}));
  EXPECT_EQ(store.state().last_seq, 3U);
  EXPECT_THAT(all_of_room(directory_.path(), "#a"), ElementsAre(1, 3));
}

TEST_F(StoreTest, ANameIsTakenInAnyCase) {
  Store store(directory_.path());
  ASSERT_TRUE(store_group(store, {registration(1, 1, "Alice", "hash")}));
  EXPECT_FALSE(store_group(store, {registration(2, 2, "aLICE", "other")}));
  EXPECT_THAT(store.error(), testing::HasSubstr("rookery.db"));
  EXPECT_EQ(store.state().last_seq, 1U);
  EXPECT_TRUE(store_group(store, {registration(2, 2, "Bob", "other")}));
}

TEST_F(StoreTest, RollbackLeavesNothingInTheStoreOrInMemory) {
  Store store(directory_.path());
  ASSERT_TRUE(store_group(store, {say(1, "#a", "kept")}));
  ASSERT_TRUE(store.begin());
  ASSERT_TRUE(store.add(say(2, "#gone", "x")));
  ASSERT_TRUE(store.add(reservation(3, 1, 1000)));
  ASSERT_TRUE(store.add(registration(4, 9, "nobody", "hash")));
  store.rollback();
  EXPECT_EQ(store.state().last_seq, 1U);
  EXPECT_EQ(store.state().next_client, 1U);

  // "#gone" was given an id in the group that is no more; "#other" now gets that id.
  ASSERT_TRUE(store_group(store, {say(2, "#other", "y")}));
  ASSERT_TRUE(store_group(store, {say(3, "#gone", "z"), registration(4, 1, "nobody", "hash")}));
  EXPECT_THAT(all_of_room(directory_.path(), "#other"), ElementsAre(2));
  EXPECT_THAT(all_of_room(directory_.path(), "#gone"), ElementsAre(3));
  EXPECT_EQ(store.state().next_account, 2U);
}

TEST_F(StoreTest, AGroupThatIsNeverCommittedIsNotThere) {
  {
    Store store(directory_.path());
    ASSERT_TRUE(store_group(store, {say(1, "#a", "kept")}));
    ASSERT_TRUE(store.begin());
    ASSERT_TRUE(store.add(say(2, "#a", "lost")));
  }
  const Store store(directory_.path());
  EXPECT_EQ(store.state().last_seq, 1U);
  EXPECT_THAT(all_of_room(directory_.path(), "#a"), ElementsAre(1));
}

TEST_F(StoreTest, GoesOnAfterACheckpoint) {
  Store store(directory_.path());
  ASSERT_TRUE(store_group(store, {say(1, "#a", "x")}));
  store.checkpoint();
  EXPECT_EQ(std::filesystem::file_size(directory_.path() / "rookery.db-wal"), 0U);
  ASSERT_TRUE(store_group(store, {say(2, "#a", "y")}));
  EXPECT_THAT(all_of_room(directory_.path(), "#a"), ElementsAre(1, 2));
}

TEST_F(StoreTest, TheWalStopsGrowing) {
  Store store(directory_.path());
  const std::string text(8000, 'x');
  std::uint64_t seq = 0;
  for (int group = 0; group < 100; ++group) {  // some 80 MB
    std::vector<chat::Record> records;
    for (int i = 0; i < 100; ++i) records.push_back(say(++seq, "#a", text));
    ASSERT_TRUE(store_group(store, records)) << store.error();
  }
  EXPECT_LT(std::filesystem::file_size(directory_.path() / "rookery.db-wal"), 44U * 1024 * 1024);
  EXPECT_EQ(all_of_room(directory_.path(), "#a").size(), seq);
}

using StoreDeathTest = StoreTest;

TEST_F(StoreDeathTest, TakesNoRecordThatIsNotDurable) {
  Store store(directory_.path());
  ASSERT_TRUE(store.begin());
  chat::Record join = say(1, "#a", "");
  join.header.kind = chat::RecordKind::Join;
  EXPECT_DEATH(static_cast<void>(store.add(join)), "invariant");
}

}  // namespace
}  // namespace rookery::store
