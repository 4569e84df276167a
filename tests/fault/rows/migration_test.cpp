// A store of version 1 or 2 meets this server: it is brought up to date, and whatever goes wrong on the way, the store
// is one version or the other, whole.
#include <gmock/gmock.h>

#include <filesystem>

#include "tests/master/ledger/old_store.h"
#include "tests/system/harness/oracle.h"
#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

// Everything that was in it is there, and serves.
void expect_served(const TemporaryDirectory& data) {
  const ServerProcess server(data, {"--workers", "1"});
  const auto history = whole_history(server.port(), "#lobby");
  ASSERT_EQ(history.size(), 499U);
  EXPECT_EQ(history.front().text, "old message 2");
  EXPECT_EQ(history.back().text, "old message 500");
  EXPECT_THAT(server.console("user list"), HasSubstr("Alice"));
  EXPECT_THAT(server.console("check"), testing::StartsWith("OK whole: version=3"));
}

FailedStart try_start(const TemporaryDirectory& data, const FaultSwitch& faults) {
  return run_server_to_its_end({"--port", "0", "--data", data.path().string(), "--workers", "1"}, {}, &faults);
}

TEST(Migration, AKillAtEachStepLeavesAStoreThatServes) {
  // Before the copy, after it, after each change of the tables, before the commit, after it.
  for (int step = 1; step <= 6; ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    const TemporaryDirectory data;
    test::make_store_of_version_1(data.path());
    {
      const FaultSwitch faults("store.migration:kill9:" + std::to_string(step));
      EXPECT_NE(try_start(data, faults).exit_code, 0);
      ASSERT_EQ(faults.fired(), 1U);
    }
    const fs::path store = data.path() / "rookery.db";
    EXPECT_EQ(test::ask_sqlite(store, "PRAGMA user_version"), step < 6 ? "1" : "3");
    EXPECT_EQ(test::ask_sqlite(store, "SELECT count(*) FROM messages"), "499");
    expect_served(data);
  }
}

TEST(Migration, SoDoesOneOfAStoreOfVersion2) {
  for (int step = 1; step <= 5; ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    const TemporaryDirectory data;
    test::make_store_of_version_2(data.path());
    {
      const FaultSwitch faults("store.migration:kill9:" + std::to_string(step));
      EXPECT_NE(try_start(data, faults).exit_code, 0);
      ASSERT_EQ(faults.fired(), 1U);
    }
    const fs::path store = data.path() / "rookery.db";
    EXPECT_EQ(test::ask_sqlite(store, "PRAGMA user_version"), step < 5 ? "2" : "3");
    EXPECT_EQ(test::ask_sqlite(store, "SELECT count(*) FROM messages"), "499");
    expect_served(data);
  }
}

class MigrationWithoutRoom : public testing::TestWithParam<const char*> {};

TEST_P(MigrationWithoutRoom, IsRefusedAndTheOldStoreStays) {
  const TemporaryDirectory data;
  test::make_store_of_version_1(data.path());
  {
    const FaultSwitch faults(GetParam());
    const FailedStart start = try_start(data, faults);
    EXPECT_EQ(start.exit_code, 78);
    EXPECT_THAT(start.errors, HasSubstr("rookery.db"));
    ASSERT_GE(faults.fired(), 1U);
  }
  const fs::path store = data.path() / "rookery.db";
  EXPECT_EQ(test::ask_sqlite(store, "PRAGMA user_version"), "1");
  EXPECT_EQ(test::ask_sqlite(store, "SELECT count(*) FROM messages"), "499");
  EXPECT_EQ(test::ask_sqlite(store, "PRAGMA integrity_check"), "ok");
  expect_served(data);
}

INSTANTIATE_TEST_SUITE_P(Disk, MigrationWithoutRoom,
                         testing::Values("store.database_write:errno:ENOSPC", "store.write:errno:ENOSPC"),
                         [](const auto& test) { return test.index == 0 ? "InTheCopy" : "InTheTransaction"; });

TEST(Migration, ANewerStoreIsRefusedWithTheirNumbers) {
  const TemporaryDirectory data;
  { const ServerProcess server(data, {"--workers", "1"}); }
  const fs::path store = data.path() / "rookery.db";
  test::ask_sqlite(store, "PRAGMA user_version=4; UPDATE meta SET value=4 WHERE key='compatible_from'");
  const FailedStart start = run_server_to_its_end({"--port", "0", "--data", data.path().string(), "--workers", "1"});
  EXPECT_EQ(start.exit_code, 78);
  EXPECT_THAT(start.errors, testing::AllOf(HasSubstr("version 4"), HasSubstr("knows 3")));
  EXPECT_EQ(test::ask_sqlite(store, "PRAGMA user_version"), "4");
}

}  // namespace
}  // namespace rookery::system_test
