// What an operator does with a store: migration, backup, check, export, and what is no longer kept.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "master/ledger/migration.h"
#include "tests/master/ledger/old_store.h"
#include "tests/master/ledger/store_admin_fixture.h"

namespace rookery::store {
namespace {

namespace fs = std::filesystem;
using test::ask_sqlite;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

chat::Record account_change(std::uint64_t seq, std::uint64_t account, chat::AccountChange change,
                            std::string_view hash = {}) {
  chat::Record record = say(seq, "", hash, "alice");
  record.header.kind = chat::RecordKind::ChangeAccount;
  record.header.flags = static_cast<std::uint8_t>(change);
  record.header.target = account;
  return record;
}

TEST_F(StoreAdminTest, AccountsChangeInTheOrderOfTheLog) {
  using chat::AccountChange;
  Store store(directory_.path());
  ASSERT_TRUE(store_group(
      store, {registration(1, 1, "alice", "h1"), registration(2, 2, "bob", "h2"),
              account_change(3, 1, AccountChange::Password, "h3"), account_change(4, 1, AccountChange::Lock),
              account_change(5, 2, AccountChange::Lock), account_change(6, 2, AccountChange::Unlock)}));
  std::vector<std::string> accounts;
  const auto collect = [&](const StoredAccount& account) {
    accounts.push_back(std::to_string(account.id) + " " + account.name + " " + account.password_hash +
                       (account.locked ? " locked" : ""));
  };
  store.for_each_account(collect);
  EXPECT_THAT(accounts, testing::ElementsAre("1 alice h3 locked", "2 bob h2"));
  // Who is removed leaves the name to others, under an id of their own.
  ASSERT_TRUE(store_group(store, {account_change(7, 1, AccountChange::Remove), registration(8, 3, "Alice", "h4")}));
  accounts.clear();
  store.for_each_account(collect);
  EXPECT_THAT(accounts, testing::ElementsAre("2 bob h2", "3 Alice h4"));
  EXPECT_EQ(store.state().next_account, 4U);
}

TEST_F(StoreAdminTest, AnOldStoreIsCopiedAndBroughtUpToDate) {
  test::make_store_of_version_1(directory_.path());
  {
    const Store store(directory_.path());
    EXPECT_EQ(store.state().last_seq, 500U);
    EXPECT_EQ(store.state().epoch, "0123456789abcdef");
    int accounts = 0;
    store.for_each_account([&](const StoredAccount& account) {
      ++accounts;
      EXPECT_EQ(account.name, "Alice");
      EXPECT_FALSE(account.locked);
    });
    EXPECT_EQ(accounts, 1);
  }
  EXPECT_THAT(all_of_room(directory_.path(), "#lobby"), SizeIs(499));
  EXPECT_EQ(ask_sqlite(file(), "PRAGMA user_version"), "3");
  const auto copies = files_like(directory_.path(), "rookery.db.v1-");
  ASSERT_THAT(copies, SizeIs(1));
  struct stat status {};
  ASSERT_EQ(::stat(copies[0].c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_EQ(ask_sqlite(copies[0], "PRAGMA user_version"), "1");
  EXPECT_EQ(ask_sqlite(copies[0], "SELECT count(*) FROM messages"), "499");
  EXPECT_THAT(check_store(file()).problems, IsEmpty());
}

TEST_F(StoreAdminTest, ANewerStoreIsRefusedUnlessItSaysThatItMayBeUsed) {
  fill(1, 10);
  EXPECT_EQ(ask_sqlite(file(), "PRAGMA user_version=4; UPDATE meta SET value=4 WHERE key='compatible_from'"), "");
  EXPECT_THAT(why_not_open(directory_.path()), testing::AllOf(HasSubstr("version 4"), HasSubstr("rookery.db")));
  EXPECT_EQ(ask_sqlite(file(), "PRAGMA user_version"), "4") << "it was left as it is";
  EXPECT_EQ(ask_sqlite(file(), "UPDATE meta SET value=2 WHERE key='compatible_from'"), "");
  EXPECT_EQ(why_not_open(directory_.path()), "");
  EXPECT_EQ(ask_sqlite(file(), "PRAGMA user_version"), "4") << "the newer server's mark stays";
}

TEST_F(StoreAdminTest, ARunningServerIsNotUpgradedToAProgramThatTakesItsWayBackAway) {
  EXPECT_FALSE(why_no_upgrade_in_place(file()).has_value()) << "there is none yet";
  test::make_store_of_version_1(directory_.path());
  const auto why = why_no_upgrade_in_place(file());
  ASSERT_TRUE(why.has_value());
  EXPECT_THAT(*why, HasSubstr("stop the server"));
  { const Store store(directory_.path()); }
  EXPECT_FALSE(why_no_upgrade_in_place(file()).has_value());
}

TEST_F(StoreAdminTest, ABackupIsOneWholeFileWithTheWalInIt) {
  fill(1, 100);
  Store store(directory_.path());
  ASSERT_TRUE(store_group(store, {say(101, "#den", "in the log alone")}));
  std::ofstream(beside("copy.db")) << "what was there before";
  EXPECT_THROW(static_cast<void>(backup_store(directory_.path(), beside("copy.db"), os::IfThere::Refuse)), StoreError);
  EXPECT_EQ(fs::file_size(beside("copy.db")), 21U);
  const BackupReport report = backup_store(directory_.path(), beside("copy.db"), os::IfThere::Replace);
  EXPECT_EQ(report.last_seq, 101U);
  EXPECT_EQ(report.bytes, fs::file_size(beside("copy.db")));
  EXPECT_THAT(files_like(other_.path(), ""), SizeIs(1)) << "no journal, no log, no unfinished copy";
  struct stat status {};
  ASSERT_EQ(::stat(beside("copy.db").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const CheckReport check = check_store(beside("copy.db"));
  EXPECT_THAT(check.problems, IsEmpty());
  EXPECT_EQ(check.messages, 101U);
  // The store serves on.
  EXPECT_TRUE(store_group(store, {say(102, "#den", "after")}));
}

TEST_F(StoreAdminTest, ABackupDoesNotTakeThePlaceOfTheStoreItself) {
  fill(1, 100);
  Store store(directory_.path());
  ASSERT_TRUE(store_group(store, {say(101, "#den", "in the log alone")}));
  fs::create_symlink(file(), beside("link.db"));
  const fs::path same = directory_.path() / ".." / directory_.path().filename();
  for (const fs::path& own : {file(), same / "rookery.db", beside("link.db"), same / "rookery.db-wal",
                              same / "rookery.db-shm", same / "rookery.db-journal", same / "lock"})
    EXPECT_THROW(static_cast<void>(backup_store(directory_.path(), own, os::IfThere::Replace)), StoreError) << own;
  ASSERT_TRUE(store_group(store, {say(102, "#den", "after")}));
  EXPECT_THAT(all_of_room(directory_.path(), "#den"), SizeIs(102));
  EXPECT_EQ(backup_store(directory_.path(), same / "rookery.db.kept", os::IfThere::Refuse).last_seq, 102U)
      << "any other name is free";
}

TEST_F(StoreAdminTest, ABackupThatIsGivenUpLeavesNothing) {
  fill(1, 20'000);
  std::ofstream(beside("copy.db")) << "what was there before";
  EXPECT_THROW(
      static_cast<void>(backup_store(directory_.path(), beside("copy.db"), os::IfThere::Replace, [] { return false; })),
      StoreError);
  EXPECT_THAT(files_like(other_.path(), ""), SizeIs(1));
  EXPECT_EQ(fs::file_size(beside("copy.db")), 21U);
  EXPECT_THROW(
      static_cast<void>(backup_store(directory_.path(), other_.path() / "none" / "copy.db", os::IfThere::Refuse)),
      StoreError);
}

TEST_F(StoreAdminTest, CheckFindsWhatSqliteDoesNotKnow) {
  fill(1, 50);
  EXPECT_THAT(check_store(file()).problems, IsEmpty());
  ask_sqlite(file(), "UPDATE messages SET room_id=99 WHERE seq=7; UPDATE meta SET value=40 WHERE key='last_seq'");
  const CheckReport check = check_store(file());
  EXPECT_THAT(check.problems,
              testing::UnorderedElementsAre(HasSubstr("10 messages with a number"), HasSubstr("1 messages of a room")));
}

TEST_F(StoreAdminTest, CheckFindsADamagedPage) {
  fill(1, 5000);
  {
    std::fstream bytes(file(), std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(static_cast<std::streamoff>(fs::file_size(file()) / 4096 / 2 * 4096));
    bytes.write(std::string(4096, '\x5a').data(), 4096);
  }
  EXPECT_THAT(check_store(file()).problems, testing::Not(IsEmpty()));
}

TEST_F(StoreAdminTest, TheLockIsOneServersOnly) {
  auto lock = DirectoryLock::take(directory_.path());
  ASSERT_TRUE(lock.has_value());
  EXPECT_FALSE(DirectoryLock::take(directory_.path()).has_value());
  fs::remove(directory_.path() / "lock");
  EXPECT_FALSE(DirectoryLock::take(directory_.path()).has_value()) << "the directory is locked too";
  lock.reset();
  EXPECT_TRUE(DirectoryLock::take(directory_.path()).has_value());
  EXPECT_THROW(static_cast<void>(DirectoryLock::take(directory_.path() / "none")), StoreError);
}

TEST_F(StoreAdminTest, AnExportHasEveryMessageAndIsJson) {
  {
    Store store(directory_.path());
    std::vector<chat::Record> records{broadcast(1, "to all"), direct(2, 7, "bob", "psst \"quoted\"\n")};
    for (std::uint64_t seq = 3; seq <= 3000; ++seq) records.push_back(say(seq, seq % 2 == 0 ? "#even" : "#odd", kText));
    ASSERT_TRUE(store_group(store, records));
  }
  std::vector<std::string> lines;
  const auto collect = [&](std::string_view line) {
    lines.emplace_back(line);
    return true;
  };
  EXPECT_EQ(export_history(file(), "", collect), 3000U);
  ASSERT_THAT(lines, SizeIs(3000));
  EXPECT_THAT(lines[0], testing::AllOf(HasSubstr(R"("seq":1,)"), HasSubstr(R"("room":"*")")));
  EXPECT_THAT(lines[1], testing::AllOf(HasSubstr(R"("to":"bob")"), HasSubstr(R"(psst \"quoted\"\n)")));
  EXPECT_THAT(lines[2999], HasSubstr(R"("room":"#even")"));
  lines.clear();
  EXPECT_EQ(export_history(file(), "#ODD", collect), 1499U);
  EXPECT_THROW(static_cast<void>(export_history(file(), "#none", collect)), StoreError);
}

// Whoever reads what we write may take their time: "rookery-ctl history export | less".
TEST_F(StoreAdminTest, AnExportHoldsNobodyUpWhileItWrites) {
  Store store(directory_.path());
  std::vector<chat::Record> records;
  for (std::uint64_t seq = 1; seq <= 1500; ++seq) records.push_back(say(seq, "#den", kText));
  ASSERT_TRUE(store_group(store, records));
  const std::uint64_t lines = export_history(file(), "", [&, at = 0](std::string_view) mutable {
    if (++at == 1 || at == 1100) {
      EXPECT_EQ(ask_sqlite(file(), "PRAGMA wal_checkpoint(TRUNCATE)"), "0") << at;
    }
    return true;
  });
  EXPECT_EQ(lines, 1500U);
}

TEST_F(StoreAdminTest, ListsRoomsAndAccounts) {
  Store store(directory_.path());
  ASSERT_TRUE(store_group(store, {registration(1, 1, "bob", "h"), registration(2, 2, "Alice", "h"),
                                  registration(3, 3, "alfred", "h"), say(4, "#den", "a"), say(5, "#den", "b")}));
  const auto accounts = list_accounts(file(), "AL", 10);
  ASSERT_THAT(accounts, SizeIs(2));
  EXPECT_EQ(accounts[0].name, "alfred");
  EXPECT_EQ(accounts[1].name, "Alice");
  EXPECT_THAT(list_accounts(file(), "", 2), SizeIs(2));
  const auto rooms = list_rooms(file());
  ASSERT_THAT(rooms, SizeIs(2));
  EXPECT_EQ(rooms[0].name, "#den");
  EXPECT_EQ(rooms[0].messages, 2U);
  EXPECT_EQ(rooms[0].newest_ms - rooms[0].oldest_ms, 1);
  EXPECT_EQ(rooms[1].messages, 0U);
}

TEST_F(StoreAdminTest, OldMessagesGoByAge) {
  fill(1, 1000);  // each a millisecond younger than the one before
  Store store(directory_.path());
  const std::int64_t now = 1'700'000'000'000 + 1000;
  const Retention keep{.age = std::chrono::milliseconds{300}, .bytes = 0};
  std::uint64_t removed = 0;
  for (;;) {
    ASSERT_TRUE(store.begin());
    const auto pruned = store.prune(keep, now, 64);
    ASSERT_TRUE(pruned.has_value());
    EXPECT_LE(pruned->messages, 64U);
    removed += pruned->messages;
    ASSERT_TRUE(store.commit());
    if (!pruned->more) break;
  }
  EXPECT_EQ(removed, 699U);
  EXPECT_EQ(store.state().pruned_to, 699U);
  const auto left = all_of_room(directory_.path(), "#den");
  ASSERT_THAT(left, SizeIs(301));
  EXPECT_EQ(left.front(), 700U);
  EXPECT_EQ(store.state().last_seq, 1000U) << "numbers are not given again";
  EXPECT_THAT(check_store(file()).problems, IsEmpty());
}

TEST_F(StoreAdminTest, TheStoreStaysBoundedUnderConstantLoad) {
  constexpr std::uint64_t kBytes = 2 * 1024 * 1024;
  const Retention keep{.age = {}, .bytes = kBytes};
  Store store(directory_.path());
  std::uint64_t seq = 0;
  for (int group = 0; group < 400; ++group) {
    ASSERT_TRUE(store.begin());
    for (int i = 0; i < 100; ++i) {
      ++seq;
      ASSERT_TRUE(store.add(say(seq, "#room" + std::to_string(seq % 5), kText)));
    }
    ASSERT_TRUE(store.prune(keep, 0, 256).has_value());
    ASSERT_TRUE(store.commit());
  }
  store.checkpoint();
  EXPECT_LT(fs::file_size(file()), kBytes + kBytes / 4);
  const auto left = check_store(file());
  EXPECT_GT(left.messages, 5000U) << "no more than must go";
  EXPECT_LT(left.messages, 40'000U);
  EXPECT_EQ(left.last_seq, 40'000U);
}

TEST_F(StoreAdminTest, WhatIsRemovedInAGroupThatFailsIsStillThere) {
  fill(1, 100);
  Store store(directory_.path());
  ASSERT_TRUE(store.begin());
  ASSERT_TRUE(store.prune({.age = std::chrono::milliseconds{1}, .bytes = 0}, 1'800'000'000'000, 50).has_value());
  store.rollback();
  EXPECT_THAT(all_of_room(directory_.path(), "#den"), SizeIs(100));
  EXPECT_EQ(store.state().pruned_to, 0U);
}

}  // namespace
}  // namespace rookery::store
