// Bans survive the death of every process, restarts, upgrades, backups and a full disk.
#include <gmock/gmock.h>

#include <memory>
#include <thread>

#include "tests/master/ledger/old_store.h"
#include "tests/system/harness/banned.h"
#include "tests/system/harness/ctl.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// What ends while the server is down has ended when it comes back.
TEST(Bans, ABanThatEndedMeanwhileIsNotTakenUpAgain) {
  const TemporaryDirectory data;
  {
    ServerProcess server(data, {"--workers", "1"});
    EXPECT_THAT(server.console("ban 127.0.0.2 --for 7d"), HasSubstr("OK banned"));
    EXPECT_THAT(server.console("ban 127.0.0.3 --for 7d"), HasSubstr("OK banned"));
  }
  ASSERT_EQ(test::ask_sqlite(data.path() / "rookery.db", "UPDATE bans SET until_ms=1000 WHERE mask='127.0.0.2'"), "");
  ServerProcess server(data, {"--workers", "1"});
  expect_welcome(server);
  EXPECT_FALSE(is_welcome(server, {.source = "127.0.0.3"}));
  eventually("its row is removed", [&] {
    return test::ask_sqlite(data.path() / "rookery.db", "SELECT group_concat(mask) FROM bans") == "127.0.0.3";
  });
}

TEST(Bans, ABanThatEndsWhileTheStoreCannotBeWrittenIsForgottenLater) {
  const TemporaryDirectory data;
  FaultSwitch faults;
  ServerProcess server(data, faults, {"--workers", "1"});
  EXPECT_THAT(server.console("ban 127.0.0.2 --for 5s"), HasSubstr("OK banned"));  // ends after the fault is set
  faults.set("store.write:errno:ENOSPC:1+");
  eventually("it has ended", [&] { return is_welcome(server); });
  eventually("it could not be removed", [&] { return server.log().find("cannot remove bans") != std::string::npos; });
  faults.clear();
  eventually("its row is removed",
             [&] { return test::ask_sqlite(data.path() / "rookery.db", "SELECT count(*) FROM bans") == "0"; });
}

TEST(Bans, Row75TheLedgersDeathRightAfterTheAnswerAndARestartLiftNone) {
  const TemporaryDirectory data;
  {
    ServerProcess server(data, {"--workers", "2"});
    server.expect_alerts();
    make_account(server, "alice");
    EXPECT_THAT(server.console("ban 127.0.0.2 floods"), HasSubstr("OK banned"));
    pid_t ledger = server.ledger_pid();
    server.kill_child(ledger);
    expect_refused(server, ": floods");
    server.wait_until_all_serve({ledger});
    expect_refused(server, ": floods");

    EXPECT_EQ(server.console("ban alice insults"), "OK banned alice\n");
    const std::vector<pid_t> all{server.ledger_pid(), server.worker_pid(0), server.worker_pid(1)};
    for (const pid_t child : all) server.kill_child(child);
    expect_refused(server, ": floods");
    EXPECT_EQ(try_login_of(server, "alice")["error"], "banned");
    server.wait_until_all_serve(all);
    for (int i = 0; i < 4; ++i) expect_refused(server, ": floods");
    server.kill_master();
    server.expect_group_gone();
  }
  {
    ServerProcess server(data, {"--workers", "2"});
    expect_refused(server, ": floods");
    EXPECT_EQ(try_login_of(server, "alice")["error"], "banned");
    EXPECT_THAT(server.console("bans"), HasSubstr("OK 2 bans\n"));
    EXPECT_EQ(server.console("unban 127.0.0.2"), "OK unbanned 127.0.0.2\n");
    EXPECT_EQ(server.console("unban alice"), "OK unbanned alice\n");
    expect_welcome(server);
  }
  const ServerProcess server(data, {"--workers", "2"});
  expect_welcome(server);
  EXPECT_EQ(try_login_of(server, "alice")["ok"], true);
}

class BansOfEachModel : public testing::TestWithParam<const char*> {};

TEST_P(BansOfEachModel, Row75AClientWhoseWorkerStoodStillOrDiedIsEndedByTheSuccessor) {
  ServerProcess server({"--workers", "2", "--model", GetParam()});
  server.expect_alerts();
  make_account(server, "alice");
  auto seated = banned_on_each_worker(server, 2);
  std::vector<std::unique_ptr<JsonClient>> logged_in;
  for (int i = 0; i < 4; ++i) {
    logged_in.push_back(std::make_unique<JsonClient>(server.port()));
    EXPECT_EQ(logged_in.back()->ask({{"op", "login"}, {"name", "alice"}, {"password", kPassword}})["ok"], true);
  }
  const pid_t stopped = server.worker_pid(0);
  freeze(stopped);
  EXPECT_THAT(server.console("ban 127.0.0.2"), HasSubstr("OK banned"));
  EXPECT_THAT(server.console("ban alice"), HasSubstr("OK banned"));
  server.kill_child(stopped);
  for (Seated& seat : seated) expect_dismissed(*seat.client, "");
  for (const auto& client : logged_in) expect_dismissed(*client, "");
}

TEST_P(BansOfEachModel, Row75AClientIsEndedByAnotherWorkerThatTakesItOver) {
  ServerProcess server({"--workers", "2", "--model", GetParam()});
  server.expect_alerts();
  auto seated = banned_on_each_worker(server, 2);
  const pid_t stopped = server.worker_pid(1);
  freeze(stopped);
  EXPECT_THAT(server.console("ban 127.0.0.2"), HasSubstr("OK banned"));
  expect_dismissed(*seated[0].client, "");
  std::thread scaler([&] { EXPECT_THAT(server.console("scale 1"), StartsWith("OK")); });
  eventually("worker 1 hands over", [&] { return server.console("workers").find("draining") != std::string::npos; });
  server.kill_child(stopped);
  expect_dismissed(*seated[1].client, "");
  scaler.join();
}

INSTANTIATE_TEST_SUITE_P(Models, BansOfEachModel, testing::Values("event", "thread-per-client"),
                         [](const auto& test) { return test.index == 0 ? "Event" : "ThreadPerClient"; });

// The ledger is killed where the ban is ordered, is being stored, or is stored and not in the table yet.
TEST(Bans, Row75ALedgerThatDiesInTheMiddleLeavesABanOrNone) {
  for (const char* point :
       {"ledger.before_publish", "ledger.after_publish", "ledger.before_commit", "ledger.after_commit"}) {
    SCOPED_TRACE(point);
    FaultSwitch faults;
    ServerProcess server(faults, {"--workers", "1"});
    server.expect_alerts();
    const pid_t ledger = server.ledger_pid();
    // Answered when it is stored: the group of the worker's first client numbers is not what the fault meets.
    EXPECT_THAT(server.console("ban 127.0.0.3"), HasSubstr("OK"));
    EXPECT_THAT(server.console("unban 127.0.0.3"), HasSubstr("OK"));
    faults.set(std::string(point) + ":kill9");
    EXPECT_THAT(server.console("ban 127.0.0.2"), Not(HasSubstr("OK")));
    faults.clear();
    server.wait_until_all_serve({ledger});
    const std::string bans = server.console("bans");
    const bool is_banned = bans.find("127.0.0.2") != std::string::npos;
    EXPECT_EQ(is_banned, std::string(point) != "ledger.before_publish") << "what was published is stored";
    EXPECT_EQ(is_welcome(server), !is_banned) << bans;
    EXPECT_THAT(server.console("status"), HasSubstr(is_banned ? "bans        1\n" : "bans        0\n"));
  }
}

TEST(Bans, AnUpgradeInPlaceKeepsThem) {
  ServerProcess server({"--workers", "2"});
  EXPECT_THAT(server.console("ban 127.0.0.2 floods"), HasSubstr("OK banned"));
  EXPECT_THAT(server.console("upgrade"), StartsWith("OK upgraded"));
  expect_refused(server, ": floods");
  EXPECT_THAT(server.console("unban 127.0.0.2"), StartsWith("OK"));
  expect_welcome(server);
}

TEST(Bans, ABackupHasThem) {
  const TemporaryDirectory data;
  {
    ServerProcess server(data, {"--workers", "1"});
    EXPECT_THAT(server.console("ban 127.0.0.2 floods"), HasSubstr("OK banned"));
    EXPECT_THAT(server.console("backup kept.db"), StartsWith("OK backup"));
    EXPECT_THAT(server.console("unban 127.0.0.2"), StartsWith("OK"));
  }
  const CtlRun restored = run_ctl(data, {"restore", (data.path() / "backups/kept.db").string()});
  EXPECT_EQ(restored.exit_code, 0) << restored.errors;
  ServerProcess server(data, {"--workers", "1"});
  expect_refused(server, ": floods");
  EXPECT_THAT(server.console("check"), StartsWith("OK whole"));
}

TEST(Bans, AStoreOfAnOlderVersionHasNoneAndTakesThem) {
  const TemporaryDirectory data;
  test::make_store_of_version_1(data.path());
  ServerProcess server(data, {"--workers", "1"});
  EXPECT_EQ(server.console("bans"), "OK 0 bans\n");
  EXPECT_EQ(server.console("ban alice"), "OK banned alice\n");
  EXPECT_THAT(server.console("bans"), HasSubstr("Alice"));
}

// The time of messages goes on from the latest there ever was; that of bans is the date.
TEST(Bans, ATimedBanEndsThoughTheClockWasYearsAheadOnce) {
  const TemporaryDirectory data;
  FaultSwitch faults;
  faults.set("clock.realtime:ahead:315360000:1+");
  {
    ServerProcess server(data, faults, {"--workers", "1"});
    JsonClient client(server.port());
    EXPECT_EQ(client.ask({{"op", "say"}, {"room", "#lobby"}, {"text", "from ten years ahead"}})["ok"], true);
  }
  faults.clear();
  const ServerProcess server(data, faults, {"--workers", "1"});
  EXPECT_THAT(server.console("ban 127.0.0.2 --for 1s"), HasSubstr("OK banned"));
  eventually("it has ended", [&] { return is_welcome(server); });
}

TEST(Bans, AChangeThatTakesTooLongIsStillMadeBeforeTheNextOne) {
  FaultSwitch faults;
  const ServerProcess server(faults, {"--workers", "1"});
  faults.set("ledger.before_commit:sleep:15000");  // the operator waits 10 s
  EXPECT_THAT(server.console("ban 127.0.0.2"), StartsWith("ERR not-durable it is ordered"));
  EXPECT_EQ(server.console("unban 127.0.0.2"), "OK unbanned 127.0.0.2\n");
  expect_welcome(server);
}

TEST(Bans, WhileTheStoreCannotBeWrittenNothingIsAcknowledged) {
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "1"});
  JsonClient client(server.port());
  faults.set("store.write:errno:ENOSPC:1+");
  EXPECT_EQ(client.ask({{"op", "say"}, {"room", "#lobby"}, {"text", "lost?"}})["error"], "not-durable");
  EXPECT_THAT(server.console("ban 127.0.0.2"), StartsWith("ERR not-durable"));
  expect_welcome(server);
  faults.clear();
  eventually("it can be stored again", [&] { return server.console("ban 127.0.0.2").find("OK") != std::string::npos; });
  expect_refused(server, "");
}

}  // namespace
}  // namespace rookery::system_test
