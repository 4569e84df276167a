// The disk fails under the store: full, an I/O error at a write, an fsync that fails once. A group is then stored whole
// or not at all, the caller is told, and the next group works once the disk does.
//
// SQLite lets a program replace the system calls it writes with; fdatasync() it calls directly, so the one below stands
// in for the C library's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <vector>

#include "master/ledger/store.h"
#include "master/ledger/wal_check.h"
#include "tests/master/ledger/store_fixture.h"

namespace {

std::atomic<int> sync_failures{0};  // how many of the next fdatasync() fail
std::atomic<int> syncs{0};
std::atomic<int> writes_to_allow{0};  // before write_error; while that is not 0
std::atomic<int> write_error{0};
std::atomic<int> writes{0};

ssize_t failing_pwrite(int descriptor, const void* bytes, size_t count, off_t offset) {
  ++writes;
  if (write_error != 0 && writes_to_allow-- <= 0) {
    errno = write_error;
    return -1;
  }
  return ::pwrite(descriptor, bytes, count, offset);
}

}  // namespace

extern "C" int fdatasync(int descriptor) {
  ++syncs;
  if (sync_failures > 0 && sync_failures-- > 0) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fdatasync, descriptor));
}

namespace rookery::store {
namespace {

class StoreFailureTest : public testing::Test {
 protected:
  StoreFailureTest() {
    sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
    for (const char* call : {"pwrite", "pwrite64"}) {
      vfs->xSetSystemCall(vfs, call, reinterpret_cast<sqlite3_syscall_ptr>(failing_pwrite));
    }
  }
  ~StoreFailureTest() override {
    write_error = 0;
    sync_failures = 0;
    sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
    vfs->xSetSystemCall(vfs, nullptr, nullptr);  // all as they were
  }

  static std::vector<chat::Record> messages(std::uint64_t first, std::uint64_t count,
                                            std::string_view text = "some text") {
    std::vector<chat::Record> records;
    for (std::uint64_t seq = first; seq < first + count; ++seq) records.push_back(say(seq, "#a", text));
    return records;
  }

  // The group 101..200 fails; nothing of it may be there, in this life or the next; then it is added again.
  void expect_recovery(Store& store, const std::string& reason) {
    EXPECT_FALSE(store_group(store, messages(101, 100)));
    EXPECT_THAT(store.error(), testing::AllOf(testing::HasSubstr("rookery.db"), testing::HasSubstr(reason)));
    EXPECT_EQ(store.state().last_seq, 100U);
    write_error = 0;
    sync_failures = 0;
    EXPECT_EQ(all_of_room(directory_.path(), "#a").size(), 100U);
    EXPECT_TRUE(store_group(store, messages(101, 100))) << store.error();
    EXPECT_TRUE(store_group(store, messages(201, 100))) << store.error();
    EXPECT_EQ(store.state().last_seq, 300U);
    EXPECT_EQ(all_of_room(directory_.path(), "#a").size(), 300U);
  }

  TemporaryDirectory directory_;
};

TEST_F(StoreFailureTest, ADiskFullAtAnyWriteOfAGroup) {
  const std::string text(1000, 'x');  // for a group that is more than one write
  bool stored = false;
  for (int allowed = 0; !stored; ++allowed) {
    const TemporaryDirectory directory;
    Store store(directory.path());
    StoreReader reader(directory.path());
    HistoryQuery query;
    query.room = "#a";
    query.limit = 1000;
    ASSERT_TRUE(store_group(store, messages(1, 100)));
    writes_to_allow = allowed;
    write_error = ENOSPC;
    stored = store_group(store, messages(101, 400, text));
    if (stored) {
      EXPECT_GE(allowed, 4) << "writes of a group of 400 KB";
    } else {
      EXPECT_THAT(store.error(), testing::HasSubstr("make room"));
      // It stays full: each try says so, and what is stored can be read.
      EXPECT_FALSE(store_group(store, messages(101, 400, text)));
      EXPECT_THAT(store.error(), testing::HasSubstr("make room"));
      EXPECT_EQ(reader.history(query).records.size(), 100U);
    }
    write_error = 0;
    EXPECT_TRUE(store_group(store, messages(101, 400, text))) << store.error();
    EXPECT_EQ(reader.history(query).records.size(), 500U);
  }
}

// An fdatasync costs the more the more writes it follows, and twice as much behind one that made the file longer.
TEST_F(StoreFailureTest, AGroupIsOneWriteIntoSpaceThatTheWalHasAlready) {
  Store store(directory_.path());
  ASSERT_TRUE(store_group(store, messages(1, 10)));
  const auto wal_bytes = [&] { return std::filesystem::file_size(directory_.path() / "rookery.db-wal"); };
  const auto before = wal_bytes();
  for (std::uint64_t first = 11; first < 101; first += 30) {
    writes = 0;
    ASSERT_TRUE(store_group(store, messages(first, 30)));
    EXPECT_EQ(writes, 1);
    EXPECT_EQ(wal_bytes(), before);
  }
  EXPECT_EQ(all_of_room(directory_.path(), "#a").size(), 100U);
}

TEST_F(StoreFailureTest, AnErrorAtAWrite) {
  Store store(directory_.path());
  ASSERT_TRUE(store_group(store, messages(1, 100)));
  writes_to_allow = 0;
  write_error = EIO;
  expect_recovery(store, "disk I/O error");
}

// After a failed fsync this process can promise nothing any more; its successor writes all of the WAL again.
TEST_F(StoreFailureTest, AnFsyncThatFailsOnceEndsTheStore) {
  {
    Store store(directory_.path());
    ASSERT_TRUE(store_group(store, messages(1, 100)));
    sync_failures = 1;
    EXPECT_FALSE(store_group(store, messages(101, 100)));
    EXPECT_THAT(store.error(), testing::AllOf(testing::HasSubstr("rookery.db"), testing::HasSubstr("disk I/O error")));
    EXPECT_TRUE(store.sync_failed());
    EXPECT_EQ(store.state().last_seq, 100U);
    const int before = syncs;
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(store_group(store, messages(101, 100)));
    store.checkpoint();
    EXPECT_EQ(syncs, before) << "tried again";
  }
  Store next(directory_.path());
  EXPECT_FALSE(next.sync_failed());
  EXPECT_THAT(next.state().last_seq, testing::AnyOf(100U, 200U));  // whole or not at all
  ASSERT_TRUE(store_group(next, messages(101, 100))) << next.error();
  ASSERT_TRUE(store_group(next, messages(201, 100))) << next.error();
  EXPECT_EQ(all_of_room(directory_.path(), "#a").size(), 300U);
}

// Closing the connection must not sync either: SQLite would move the WAL on the way out.
TEST_F(StoreFailureTest, TheEndAfterAFailedFsyncSyncsNothing) {
  int before = 0;
  {
    Store store(directory_.path());
    ASSERT_TRUE(store_group(store, messages(1, 100)));
    sync_failures = 1;
    ASSERT_FALSE(store_group(store, messages(101, 100)));
    before = syncs;
  }
  EXPECT_EQ(syncs, before);
  EXPECT_GT(std::filesystem::file_size(directory_.path() / "rookery.db-wal"), 0U);
}

TEST_F(StoreFailureTest, TheNextOpeningWritesTheWalAgainAndEmptiesIt) {
  {
    Store store(directory_.path());
    ASSERT_TRUE(store_group(store, messages(1, 100)));
    sync_failures = 1;
    ASSERT_FALSE(store_group(store, messages(101, 100)));
  }
  sync_failures = 1;  // the one behind the rewriting
  EXPECT_THROW(Store{directory_.path()}, SyncFailed);
  EXPECT_GT(std::filesystem::file_size(directory_.path() / "rookery.db-wal"), 0U);
  const Store store(directory_.path());
  EXPECT_EQ(std::filesystem::file_size(directory_.path() / "rookery.db-wal"), 0U);
}

TEST_F(StoreFailureTest, AfterAFailedWriteTheWalIsEmptiedBeforeAnythingIsPromised) {
  Store store(directory_.path());
  ASSERT_TRUE(store_group(store, messages(1, 100)));
  StoreReader reader(directory_.path());  // keeps SQLite from deleting the WAL when the store lets go of it
  HistoryQuery query;
  query.room = "#a";
  static_cast<void>(reader.history(query));
  const auto wal = directory_.path() / "rookery.db-wal";
  ASSERT_GT(std::filesystem::file_size(wal), 0U);
  writes_to_allow = 0;
  write_error = EIO;
  ASSERT_FALSE(store_group(store, messages(101, 100)));
  write_error = 0;
  ASSERT_TRUE(store.begin());
  EXPECT_EQ(std::filesystem::file_size(wal), 0U);
  store.rollback();
}

// Every fsync fails for a while, in one process after the other.
TEST_F(StoreFailureTest, ADiskThatGoesOnFailing) {
  {
    Store store(directory_.path());
    ASSERT_TRUE(store_group(store, messages(1, 100)));
    sync_failures = 1000;
    EXPECT_FALSE(store_group(store, messages(101, 100)));
  }
  for (int i = 0; i < 5; ++i) EXPECT_THROW(Store{directory_.path()}, SyncFailed);
  sync_failures = 0;
  Store store(directory_.path());
  EXPECT_THAT(all_of_room(directory_.path(), "#a").size(), testing::AnyOf(100U, 200U));
  ASSERT_TRUE(store_group(store, messages(101, 100))) << store.error();
  ASSERT_TRUE(store_group(store, messages(201, 100))) << store.error();
  EXPECT_EQ(store.state().last_seq, 300U);
  EXPECT_EQ(all_of_room(directory_.path(), "#a").size(), 300U);
}

TEST_F(StoreFailureTest, ACommitWaitsForTheDisk) {
  Store store(directory_.path());
  const int before = syncs;
  ASSERT_TRUE(store_group(store, messages(1, 10)));
  EXPECT_GT(syncs, before);
}

TEST_F(StoreFailureTest, CommitAfterAFailedAddFails) {
  Store store(directory_.path());
  ASSERT_TRUE(store_group(store, {registration(1, 1, "alice", "hash")}));
  ASSERT_TRUE(store.begin());
  ASSERT_TRUE(store.add(say(2, "#new", "x")));
  EXPECT_FALSE(store.add(registration(3, 2, "ALICE", "hash")));
  EXPECT_FALSE(store.add(say(4, "#new", "y")));
  EXPECT_FALSE(store.commit());
  EXPECT_EQ(store.state().last_seq, 1U);
  ASSERT_TRUE(store_group(store, {say(2, "#other", "x"), say(3, "#new", "y")}));
  EXPECT_THAT(all_of_room(directory_.path(), "#new"), testing::ElementsAre(3));
}

TEST_F(StoreFailureTest, AnotherWriterIsNamedAndThenForgotten) {
  Store store(directory_.path());
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open((directory_.path() / "rookery.db").c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_FALSE(store_group(store, messages(1, 1)));
  EXPECT_THAT(store.error(), testing::HasSubstr("another program"));
  ASSERT_EQ(sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_TRUE(store_group(store, messages(1, 1))) << store.error();
  sqlite3_close(other);
}

// An open export, an operator's shell: whoever reads keeps SQLite from emptying the WAL, and nobody from posting. What
// a group that failed has left there must not look like damage later.
TEST_F(StoreFailureTest, AReaderThatStaysIsNotInTheWayOfTheNextOpening) {
  const auto wal = directory_.path() / "rookery.db-wal";
  sqlite3* reader = nullptr;
  {
    Store store(directory_.path());
    ASSERT_TRUE(store_group(store, messages(1, 100)));
    ASSERT_EQ(sqlite3_open((directory_.path() / "rookery.db").c_str(), &reader), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM messages", nullptr, nullptr, nullptr), SQLITE_OK);
    ASSERT_TRUE(store_group(store, messages(101, 100)));
    sync_failures = 1;
    ASSERT_FALSE(store_group(store, messages(201, 100, std::string(500, 'x'))));
  }
  {
    Store next(directory_.path());
    ASSERT_THAT(next.state().last_seq, testing::AnyOf(200U, 300U));
    for (std::uint64_t seq = next.state().last_seq + 1; seq <= 301; ++seq) {
      ASSERT_TRUE(store_group(next, messages(seq, 1))) << next.error();
      ASSERT_EQ(inspect_wal(wal).condition, WalCondition::Whole) << seq;
    }
    // A write that fails: the connection is opened anew beside the reader.
    writes_to_allow = 0;
    write_error = EIO;
    ASSERT_FALSE(store_group(next, messages(302, 1)));
    write_error = 0;
    ASSERT_TRUE(store_group(next, messages(302, 1))) << next.error();
    EXPECT_GT(std::filesystem::file_size(wal), 0U) << "the reader was not in the way at all";
  }
  EXPECT_EQ(why_not_open(directory_.path()), "");
  ASSERT_EQ(sqlite3_exec(reader, "COMMIT", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(reader);
  const Store store(directory_.path());
  EXPECT_EQ(std::filesystem::file_size(wal), 0U);
  EXPECT_EQ(store.state().last_seq, 302U);
  EXPECT_EQ(all_of_room(directory_.path(), "#a").size(), 302U);
}

}  // namespace
}  // namespace rookery::store
