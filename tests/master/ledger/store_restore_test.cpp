// A backup is put in the place of a store: the old one is kept, clients are told, and nothing damaged is taken.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/master/ledger/old_store.h"
#include "tests/master/ledger/store_admin_fixture.h"

namespace rookery::store {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(StoreAdminTest, RestoreKeepsTheOldStoreAndBeginsANewEpoch) {
  fill(1, 100);
  static_cast<void>(backup_store(directory_.path(), beside("copy.db"), os::IfThere::Refuse));
  const std::string epoch = check_store(file()).epoch;
  fill(101, 130);
  const RestoreReport report = restore_store(directory_.path(), beside("copy.db"));
  EXPECT_EQ(report.messages, 100U);
  EXPECT_NE(report.epoch, epoch);
  EXPECT_EQ(check_store(report.kept).messages, 130U);
  const Store store(directory_.path());
  EXPECT_EQ(store.state().epoch, report.epoch);
  EXPECT_EQ(store.state().last_seq, 100U);
  ASSERT_THAT(store.state().past_epochs, SizeIs(1));
  EXPECT_EQ(store.state().past_epochs[0].epoch, epoch);
  EXPECT_EQ(store.state().past_epochs[0].last_seq, 100U) << "what came after the backup is lost, and clients are told";
  EXPECT_THAT(all_of_room(directory_.path(), "#den"), SizeIs(100));
}

TEST_F(StoreAdminTest, ADamagedBackupIsNotRestored) {
  fill(1, 5000);
  static_cast<void>(backup_store(directory_.path(), beside("copy.db"), os::IfThere::Refuse));
  fs::resize_file(beside("copy.db"), fs::file_size(beside("copy.db")) / 2);
  EXPECT_THROW(static_cast<void>(restore_store(directory_.path(), beside("copy.db"))), StoreError);
  std::ofstream(beside("text")) << std::string(10'000, 'x');
  EXPECT_THROW(static_cast<void>(restore_store(directory_.path(), beside("text"))), StoreError);
  EXPECT_THROW(static_cast<void>(restore_store(directory_.path(), file())), StoreError);
  EXPECT_THAT(all_of_room(directory_.path(), "#den"), SizeIs(5000));
  EXPECT_THAT(files_like(directory_.path(), "rookery.db.restored"), IsEmpty());
}

TEST_F(StoreAdminTest, AnOldBackupIsRestoredAndMigratedAtTheStart) {
  fill(1, 10);
  test::make_store_of_version_1(other_.path());
  EXPECT_EQ(restore_store(directory_.path(), beside("rookery.db")).messages, 499U);
  EXPECT_EQ(why_not_open(directory_.path()), "");
  EXPECT_THAT(all_of_room(directory_.path(), "#lobby"), SizeIs(499));
}

TEST_F(StoreAdminTest, RestoreWhereThereIsADamagedStoreOrNone) {
  fill(1, 100);
  static_cast<void>(backup_store(directory_.path(), beside("copy.db"), os::IfThere::Refuse));
  std::ofstream(file(), std::ios::trunc) << "damaged";
  const RestoreReport report = restore_store(directory_.path(), beside("copy.db"));
  EXPECT_EQ(fs::file_size(report.kept), 7U);
  EXPECT_THAT(all_of_room(directory_.path(), "#den"), SizeIs(100));
  const TemporaryDirectory fresh;
  EXPECT_TRUE(restore_store(fresh.path(), beside("copy.db")).kept.empty());
  EXPECT_THAT(all_of_room(fresh.path(), "#den"), SizeIs(100));
}

// Behind the bad frame stand acknowledged messages that somebody may still want to save.
TEST_F(StoreAdminTest, RestoreKeepsADamagedLogAsItIs) {
  fill(1, 100);
  static_cast<void>(backup_store(directory_.path(), beside("copy.db"), os::IfThere::Refuse));
  Store store(directory_.path());
  for (int groups = 2; groups <= 4; ++groups) {
    while (store.state().last_seq < 100U + static_cast<std::uint64_t>(groups))
      ASSERT_TRUE(store_group(store, {say(store.state().last_seq + 1, "#den", kText)}));
    // The store as it stands on the disk, with a bit turned in the first of its groups.
    const TemporaryDirectory damaged;
    const fs::path old = store_file(damaged.path());
    std::string wal = contents(file().string() + "-wal");
    ASSERT_GT(wal.size(), 4096U);
    wal[1000] = static_cast<char>(wal[1000] ^ 1);
    fs::copy_file(file(), old);
    std::ofstream(old.string() + "-wal", std::ios::binary) << wal;
    const std::string database = contents(old);

    const RestoreReport report = restore_store(damaged.path(), beside("copy.db"));
    EXPECT_TRUE(contents(report.kept) == database) << groups;
    EXPECT_TRUE(contents(report.kept.string() + "-wal") == wal) << groups;
    EXPECT_THAT(all_of_room(damaged.path(), "#den"), SizeIs(100));
  }
}

}  // namespace
}  // namespace rookery::store
