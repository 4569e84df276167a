// Files that are not as the store left them: refused with words that help, or taken up to where a kill cut them short.
// Never opened as if nothing were wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <string>
#include <vector>

#include "master/ledger/store.h"
#include "tests/master/ledger/store_fixture.h"

namespace rookery::store {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kFrameBytes = kPageBytes + 24;
constexpr std::size_t kWalHeaderBytes = 32;

void put(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

class StoreDamageTest : public testing::Test {
 protected:
  // Stops cleanly with some 60 pages.
  void make_database() const {
    Store store(directory_.path());
    std::uint64_t seq = 0;
    for (int group = 0; group < 10; ++group) {
      std::vector<chat::Record> records;
      const std::string text(150, 'x');
      for (int i = 0; i < 100; ++i) records.push_back(say(++seq, "#a", text));
      ASSERT_TRUE(store_group(store, records));
    }
    store.checkpoint();
  }

  // In a process that ends without a word, as with kill -9: the WAL has `groups` groups of 20 messages.
  void leave_wal(int groups) const {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      Store store(directory_.path());
      std::uint64_t seq = store.state().last_seq;
      for (int group = 0; group < groups; ++group) {
        std::vector<chat::Record> records;
        const std::string text(500, 'x');
        for (int i = 0; i < 20; ++i) records.push_back(say(++seq, "#a", text));
        if (!store_group(store, records)) ::_exit(1);
      }
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
  }

  // The frames that end a group: they hold the database's size.
  static std::vector<std::size_t> commit_frames(const std::string& wal) {
    std::vector<std::size_t> frames;
    for (std::size_t frame = 0; kWalHeaderBytes + (frame + 1) * kFrameBytes <= wal.size(); ++frame) {
      const std::size_t at = kWalHeaderBytes + frame * kFrameBytes;
      if (wal.compare(at + 4, 4, std::string(4, '\0')) != 0) frames.push_back(frame);
    }
    return frames;
  }

  TemporaryDirectory directory_;
  fs::path file_ = directory_.path() / "rookery.db";
  fs::path wal_ = directory_.path() / "rookery.db-wal";
};

TEST_F(StoreDamageTest, GarbageIsRefusedAndLeftAlone) {
  const std::string garbage(100'000, 'g');
  put(file_, garbage);
  EXPECT_THAT(why_not_open(directory_.path()), AllOf(HasSubstr(file_.string()), HasSubstr("restore a backup")));
  EXPECT_EQ(contents(file_), garbage);
}

TEST_F(StoreDamageTest, AnEmptyFileIsNotTakenForAFreshStart) {
  put(file_, "");
  EXPECT_THAT(why_not_open(directory_.path()),
              AllOf(HasSubstr(file_.string()), HasSubstr("0 bytes"), HasSubstr("restore a backup")));
}

TEST_F(StoreDamageTest, ATruncatedDatabaseIsRefused) {
  make_database();
  const std::string whole = contents(file_);
  for (const std::size_t bytes :
       {std::size_t{50}, std::size_t{2000}, kPageBytes, whole.size() / 2, whole.size() - kPageBytes}) {
    put(file_, whole.substr(0, bytes));
    EXPECT_THAT(why_not_open(directory_.path()), AllOf(HasSubstr(file_.string()), HasSubstr("restore a backup")))
        << bytes;
  }
}

TEST_F(StoreDamageTest, APageOverwrittenAnywhereIsRefused) {
  make_database();
  const std::string whole = contents(file_);
  ASSERT_GT(whole.size(), 30 * kPageBytes);
  for (std::size_t at = 0; at < whole.size(); at += kPageBytes) {
    for (const char filler : {'\xff', '\0', 'x'}) {
      std::string damaged = whole;
      damaged.replace(at, kPageBytes, kPageBytes, filler);
      put(file_, damaged);
      EXPECT_THAT(why_not_open(directory_.path()), AllOf(HasSubstr(file_.string()), HasSubstr("restore a backup")))
          << "page " << at / kPageBytes << " filled with " << int{filler};
      fs::remove(wal_);
    }
  }
}

TEST_F(StoreDamageTest, AnotherProgramsDatabaseIsRefusedAndLeftAlone) {
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(file_.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "CREATE TABLE birds(name)", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(other);
  const std::string before = contents(file_);
  EXPECT_THAT(why_not_open(directory_.path()), AllOf(HasSubstr(file_.string()), HasSubstr("another program")));
  EXPECT_EQ(contents(file_), before);
}

TEST_F(StoreDamageTest, ANewerVersionIsRefused) {
  make_database();
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(file_.c_str(), &database), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(database, "PRAGMA user_version=7; UPDATE meta SET value=7 WHERE key='compatible_from'",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(database);
  EXPECT_THAT(why_not_open(directory_.path()), AllOf(HasSubstr(file_.string()), HasSubstr("version 7")));
}

TEST_F(StoreDamageTest, ADirectoryThatIsAFileOrMissingIsRefused) {
  put(directory_.path() / "plain", "x");
  for (const char* name : {"plain", "missing"}) {
    EXPECT_THAT(why_not_open(directory_.path() / name),
                AllOf(HasSubstr((directory_.path() / name / "rookery.db").string()), HasSubstr("directory")));
  }
}

TEST_F(StoreDamageTest, WhatMayNotBeWrittenIsRefused) {
  make_database();
  const pid_t child = ::fork();  // root may write anything: somebody else must try
  ASSERT_GE(child, 0);
  if (child == 0) {
    static_cast<void>(::chmod(file_.c_str(), 0444));
    static_cast<void>(::chmod(directory_.path().c_str(), 0555));
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(2);
    const std::string reason = why_not_open(directory_.path());
    ::_exit(reason.find("rookery.db") != std::string::npos && reason.find("writable") != std::string::npos ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  static_cast<void>(::chmod(directory_.path().c_str(), 0700));
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 2) GTEST_SKIP() << "cannot become another user here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(StoreDamageTest, AWalWithoutItsDatabaseIsRefused) {
  leave_wal(2);
  fs::rename(file_, directory_.path() / "moved");
  EXPECT_THAT(why_not_open(directory_.path()), HasSubstr("is missing"));
  fs::rename(directory_.path() / "moved", file_);
  EXPECT_THAT(all_of_room(directory_.path(), "#a"), testing::SizeIs(40));
}

// Whatever is written now is not found by the next start, so it does not count as stored.
TEST_F(StoreDamageTest, AStoreThatWasRemovedOrReplacedTakesNothing) {
  const fs::path aside = directory_.path() / "aside";
  for (const fs::path& moved : {file_, wal_}) {
    const std::uint64_t first = moved == file_ ? 1 : 3;
    Store store(directory_.path());
    ASSERT_TRUE(store_group(store, {say(first, "#a", "before")})) << store.error();
    EXPECT_FALSE(store.displaced().has_value());
    fs::rename(moved, aside);
    EXPECT_FALSE(store_group(store, {say(first + 1, "#a", "while it is gone")}));
    EXPECT_THAT(store.error(), AllOf(HasSubstr(moved.string()), HasSubstr("was removed")));
    fs::copy_file(aside, moved);
    EXPECT_FALSE(store.begin());
    EXPECT_THAT(store.error(), AllOf(HasSubstr(moved.string()), HasSubstr("was replaced")));
    store.checkpoint();
    EXPECT_TRUE(fs::exists(wal_)) << "it may be another server's by now";
    fs::rename(aside, moved);
    EXPECT_TRUE(store_group(store, {say(first + 1, "#a", "in its place again")})) << store.error();
  }
  EXPECT_THAT(all_of_room(directory_.path(), "#a"), testing::SizeIs(4));
}

// Removed between a group's begin and its end.
TEST_F(StoreDamageTest, AGroupIsNotStoredInAFileThatIsGone) {
  const fs::path aside = directory_.path() / "aside";
  Store store(directory_.path());
  ASSERT_TRUE(store.begin());
  ASSERT_TRUE(store.add(say(1, "#a", "in the middle")));
  fs::rename(file_, aside);
  EXPECT_FALSE(store.commit());
  fs::rename(aside, file_);
  EXPECT_TRUE(store_group(store, {say(1, "#a", "in the middle"), say(2, "#a", "after")})) << store.error();
  EXPECT_THAT(all_of_room(directory_.path(), "#a"), testing::SizeIs(2));
}

TEST_F(StoreDamageTest, AStartThatWasCutShortLeavesNothingInTheWay) {
  put(directory_.path() / "rookery.db.new", "half");
  put(directory_.path() / "rookery.db.new-journal", "half");
  EXPECT_EQ(why_not_open(directory_.path()), "");
  EXPECT_FALSE(fs::exists(directory_.path() / "rookery.db.new"));
}

// The newest group's commit frame may be cut short by a kill, so damage there looks the same. Everywhere else it shows.
TEST_F(StoreDamageTest, ADamagedWalIsRefusedAndLeftAlone) {
  leave_wal(5);
  const std::string database = contents(file_);
  const std::string whole = contents(wal_);
  const std::vector<std::size_t> commits = commit_frames(whole);
  ASSERT_EQ(commits.size(), 5U);

  std::vector<std::size_t> places = {0, 9, 17, 27};  // magic, page size, salt, checksum
  for (std::size_t frame = 0; frame < commits.back(); ++frame) {
    const std::size_t at = kWalHeaderBytes + frame * kFrameBytes;
    for (const std::size_t offset : {std::size_t{0}, std::size_t{17}, std::size_t{24}, std::size_t{3000}}) {
      places.push_back(at + offset);
    }
  }
  for (const std::size_t place : places) {
    std::string damaged = whole;
    damaged[place] = static_cast<char>(damaged[place] ^ 0x40);
    put(wal_, damaged);
    EXPECT_THAT(why_not_open(directory_.path()), AllOf(HasSubstr(wal_.string()), HasSubstr("damaged at byte")))
        << "byte " << place;
    EXPECT_EQ(contents(wal_), damaged);
    EXPECT_EQ(contents(file_), database);
  }
  put(wal_, whole);
  EXPECT_THAT(all_of_room(directory_.path(), "#a"), testing::SizeIs(100));
}

TEST_F(StoreDamageTest, AWalCutShortGivesTheGroupsThatAreWhole) {
  leave_wal(4);
  const std::string database = contents(file_);
  const std::string whole = contents(wal_);
  const std::vector<std::size_t> commits = commit_frames(whole);
  ASSERT_EQ(commits.size(), 4U);
  const std::size_t end = kWalHeaderBytes + (commits.back() + 1) * kFrameBytes;  // zeros follow
  for (std::size_t bytes = end; bytes > end - 3 * kFrameBytes; bytes -= 401) {
    put(file_, database);
    put(wal_, whole.substr(0, bytes));
    fs::remove(directory_.path() / "rookery.db-shm");
    const std::size_t whole_frames = (bytes - kWalHeaderBytes) / kFrameBytes;
    std::size_t groups = 0;
    for (const std::size_t commit : commits) groups += commit < whole_frames ? 1 : 0;
    Store store(directory_.path());
    EXPECT_EQ(store.state().last_seq, groups * 20) << bytes;
    EXPECT_THAT(all_of_room(directory_.path(), "#a"), testing::SizeIs(groups * 20));
    // And goes on from there.
    EXPECT_TRUE(store_group(store, {say(groups * 20 + 1, "#a", "next")}));
  }
}

}  // namespace
}  // namespace rookery::store
