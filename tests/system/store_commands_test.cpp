// What an operator asks the ledger for while it serves: accounts, rooms, export, backup, check; and what is no longer
// kept. By the console's words, as rookery-ctl sends them.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/master/ledger/old_store.h"
#include "tests/system/harness/load.h"
#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"
#include "tests/system/harness/resuming.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Of the passwords "first-secret" and "second-secret", made by libsodium.
constexpr const char* kFirstHash =
    "$argon2id$v=19$m=19456,t=2,p=1$0kGmF+kDtb5PD6zMtYna2g$CDmq7A4HfZtOstyGnP/B3e08rGgl0IfMexEuP/Bz3AI";
constexpr const char* kSecondHash =
    "$argon2id$v=19$m=19456,t=2,p=1$98IP8pyNahfhwIdeOkfVIA$HSWSWp/qcZ6PiZXfC3Fr/j93x30FQ5Db/KwjmVh7iLc";

Json try_login(std::uint16_t port, const std::string& name, const std::string& password) {
  JsonClient client(port);
  return client.ask({{"op", "login"}, {"name", name}, {"password", password}});
}
bool can_log_in(std::uint16_t port, const std::string& name, const std::string& password) {
  const Json answer = try_login(port, name, password);
  if (answer["ok"] == true) return true;
  EXPECT_EQ(answer["error"], "bad-credentials");
  return false;
}

std::string value_in(const std::filesystem::path& database, const std::string& sql) {
  sqlite3* handle = nullptr;
  std::string answer;
  const auto take = [](void* to, int, char** values, char**) {
    *static_cast<std::string*>(to) = values[0] == nullptr ? "NULL" : values[0];
    return 0;
  };
  if (sqlite3_open_v2(database.c_str(), &handle, SQLITE_OPEN_READONLY, nullptr) != SQLITE_OK ||
      sqlite3_exec(handle, sql.c_str(), take, &answer, nullptr) != SQLITE_OK)
    answer = sqlite3_errmsg(handle);
  sqlite3_close(handle);
  return answer;
}

TEST(UserCommands, AnAccountLivesThroughAllOfThem) {
  const TemporaryDirectory data;
  ServerProcess server(data, {"--workers", "2"});
  EXPECT_EQ(server.console("user list"), "OK 0 accounts\n");
  EXPECT_EQ(server.console(std::string("user add carol ") + kFirstHash), "OK added carol\n");
  EXPECT_THAT(server.console(std::string("user add CAROL ") + kFirstHash), StartsWith("ERR name-taken"));
  EXPECT_TRUE(can_log_in(server.port(), "carol", "first-secret")) << "at once";
  EXPECT_FALSE(can_log_in(server.port(), "carol", "second-secret"));
  EXPECT_THAT(server.console("user list"), AllOf(HasSubstr("carol"), HasSubstr("open"), HasSubstr("OK 1 accounts\n")));

  EXPECT_EQ(server.console(std::string("user passwd Carol ") + kSecondHash), "OK password of Carol\n");
  EXPECT_FALSE(can_log_in(server.port(), "carol", "first-secret")) << "the old one holds no more";
  EXPECT_TRUE(can_log_in(server.port(), "carol", "second-secret"));

  EXPECT_EQ(server.console("user lock carol"), "OK locked carol\n");
  EXPECT_FALSE(can_log_in(server.port(), "carol", "second-secret"));
  EXPECT_EQ(try_login(server.port(), "carol", "second-secret"), try_login(server.port(), "nobody", "second-secret"))
      << "who guesses is told nothing";
  EXPECT_THAT(server.console("user list"), HasSubstr("locked"));
  const pid_t ledger = server.ledger_pid();
  server.kill_child(ledger);
  server.wait_until_all_serve({ledger});
  EXPECT_FALSE(can_log_in(server.port(), "carol", "second-secret")) << "a new ledger knows it too";
  EXPECT_EQ(server.console("user unlock carol"), "OK unlocked carol\n");
  EXPECT_TRUE(can_log_in(server.port(), "carol", "second-secret"));

  for (const char* wrong : {"user", "user add dave", "user add dave hash", "user lock", "user lock a b", "user frob x",
                            "user add guest7 $argon2id$v=19$m=1$x"})
    EXPECT_THAT(server.console(wrong), StartsWith("ERR bad-argument")) << wrong;
  EXPECT_THAT(server.console("user lock nobody"), StartsWith("ERR no-such-user"));
  EXPECT_THAT(server.log(), Not(HasSubstr("argon2id"))) << "no hash in the log";
}

// Names that would be taken for the server's own are for the operator to give.
TEST(UserCommands, AReservedNameCanBeGivenByTheOperator) {
  ServerProcess server({"--workers", "1"});
  EXPECT_THAT(server.console(std::string("user add Admin ") + kFirstHash), StartsWith("OK "));
  EXPECT_TRUE(can_log_in(server.port(), "admin", "first-secret"));
}

TEST(UserCommands, WhoIsLoggedInIsClosedWithAReason) {
  ServerProcess server({"--workers", "2"});
  make_account(server, "alice");
  make_account(server, "bob");
  TextClient alice(server.port());
  alice.log_in("alice", kPassword);
  TextClient twice(server.port());
  twice.log_in("alice", kPassword);
  TextClient bob(server.port());
  bob.log_in("bob", kPassword);

  EXPECT_EQ(server.console("user lock alice"), "OK locked alice\n");
  alice.read_to_end();
  EXPECT_THAT(alice.lines().back(), HasSubstr("locked by the operator"));
  twice.read_to_end();
  EXPECT_EQ(server.console("user remove bob"), "OK removed bob\n");
  bob.read_to_end();
  EXPECT_THAT(bob.lines().back(), HasSubstr("removed by the operator"));
  EXPECT_EQ(server.console("user list b"), "OK 0 accounts\n");
}

TEST(UserCommands, WhoReadsALongReplyIsToldAtItsEnd) {
  ServerProcess server({"--workers", "1"});
  make_account(server, "alice");
  JsonClient speaker(server.port());
  constexpr int kMessages = 500;
  for (int i = 0; i < kMessages; ++i) say(speaker, "#lobby", std::string(4000, 'x'));
  TextClient alice(server.port(), {.receive_buffer_bytes = 16 * 1024});
  alice.log_in("alice", kPassword);
  alice.send_line("/history #lobby " + std::to_string(kMessages));
  static_cast<void>(alice.read_line());
  EXPECT_EQ(server.console("user lock alice"), "OK locked alice\n");
  alice.read_to_end();
  EXPECT_GT(alice.lines().size(), static_cast<std::size_t>(kMessages)) << "the reply is whole";
  EXPECT_THAT(alice.lines().back(), HasSubstr("locked by the operator"));
}

// Whoever knew the old password is out; also where the worker is a new one.
TEST(UserCommands, ANewPasswordEndsWhatTheOldOneBegan) {
  ServerProcess server({"--workers", "1"});
  EXPECT_EQ(server.console(std::string("user add carol ") + kFirstHash), "OK added carol\n");
  const auto logged_in = [&](const char* password) {
    auto client = std::make_unique<JsonClient>(server.port());
    EXPECT_EQ(client->ask({{"op", "login"}, {"name", "carol"}, {"password", password}})["ok"], true);
    return client;
  };
  const auto expect_dismissed = [](JsonClient& client) {
    const auto notice = client.expect_event([](const auto& e) { return e["event"] == "notice"; });
    EXPECT_THAT(notice["text"], HasSubstr("password of your account was changed"));
    EXPECT_EQ(notice["final"], true);
    client.read_to_end();
  };
  const auto first = logged_in("first-secret");
  EXPECT_EQ(server.console(std::string("user passwd carol ") + kSecondHash), "OK password of carol\n");
  expect_dismissed(*first);

  const auto second = logged_in("second-secret");
  const pid_t worker = server.worker_pid(0);
  server.kill_child(worker);
  server.wait_until_all_serve({worker});
  EXPECT_EQ(second->ask("ping")["ok"], true);
  const pid_t successor = server.worker_pid(0);
  freeze(successor);
  EXPECT_EQ(server.console(std::string("user passwd carol ") + kFirstHash), "OK password of carol\n");
  server.kill_child(successor);
  expect_dismissed(*second);
}

TEST(UserCommands, ARemovedNameIsFreeAndItsMessagesStay) {
  ServerProcess server({"--workers", "1"});
  make_account(server, "alice");
  make_account(server, "bob");
  JsonClient bob(server.port());
  log_in(bob, "bob");
  {
    JsonClient alice(server.port());
    log_in(alice, "alice");
    say(alice, "#lobby", "said by the first alice");
    ASSERT_EQ(bob.ask({{"op", "msg"}, {"to", "alice"}, {"text", "for her alone"}})["ok"], true);
  }
  EXPECT_EQ(server.console("user remove alice"), "OK removed alice\n");
  EXPECT_EQ(bob.ask({{"op", "msg"}, {"to", "alice"}, {"text", "to whom?"}})["ok"], false);
  make_account(server, "alice", "another-password");
  EXPECT_FALSE(can_log_in(server.port(), "alice", std::string(kPassword)));
  JsonClient second(server.port());
  ASSERT_EQ(second.ask({{"op", "login"}, {"name", "alice"}, {"password", "another-password"}})["ok"], true);
  const auto history = whole_history(server.port(), "#lobby");
  ASSERT_EQ(history.size(), 1U);
  EXPECT_EQ(history[0].text, "said by the first alice");
  // What was for the first one does not come to the second.
  const Seen seen = say(second, "#lobby", "hello");
  const Resumed resumed = resume(second, {.epoch = seen.epoch, .seq = 1});
  EXPECT_THAT(resumed.texts(), Not(testing::Contains("for her alone")));
}

TEST(UserCommands, TheLedgersDeathIsAnAnswerToo) {
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "1"});
  make_account(server, "alice");
  const pid_t ledger = server.ledger_pid();
  server.expect_alerts();
  faults.set("ledger.before_commit:kill9");
  EXPECT_THAT(server.console("user lock alice"), StartsWith("ERR not-now"));
  faults.clear();
  server.wait_until_all_serve({ledger});
  // It was published, so the successor has stored it.
  EXPECT_THAT(server.console("user list"), HasSubstr("locked"));
  EXPECT_FALSE(can_log_in(server.port(), "alice", std::string(kPassword)));
}

TEST(UserCommands, WhatComesWithTheStopIsRefusedNotLost) {
  const TemporaryDirectory data;
  {
    ServerProcess server(data, {"--workers", "1"});
    make_account(server, "alice");
    const pid_t ledger = server.ledger_pid();
    freeze(ledger);
    server.program().write_input("count\nuser lock alice\n");
    eventually("both lines were read", [&] { return server.program().output().ends_with("OK 0 clients\n"); });
    server.program().signal(SIGTERM);
    eventually("the workers have ended", [&] { return children_of(server.pid()).size() == 1; });
    static_cast<void>(server.console("workers"));  // when the master answers it has told the ledger to stop
    ::kill(ledger, SIGCONT);
    ASSERT_EQ(server.program().wait(), 0);
    EXPECT_THAT(server.program().output(), HasSubstr("ERR shutting-down"));
  }
  ServerProcess server(data, {"--workers", "1"});
  EXPECT_THAT(server.log(), Not(HasSubstr("lost")));
  EXPECT_TRUE(can_log_in(server.port(), "alice", std::string(kPassword)));
}

TEST(StoreCommands, ABackupOfABusyServerIsWholeAndRestorable) {
  const TemporaryDirectory data;
  ServerProcess server(data, {"--workers", "2"});
  Load load(server.port(), 6);
  load.wait_for_progress(200);
  const std::string answer = server.console("backup now.db");
  EXPECT_THAT(answer, StartsWith("OK backup backups/now.db bytes="));
  load.wait_for_progress(50);
  EXPECT_THAT(server.console("check"), StartsWith("OK whole: version=3"));
  load.finish();
  const auto copy = data.path() / "backups" / "now.db";
  EXPECT_EQ(value_in(copy, "PRAGMA integrity_check"), "ok");
  EXPECT_GE(std::stoull(value_in(copy, "SELECT count(*) FROM messages")), 200U);
  EXPECT_EQ(value_in(copy, "SELECT count(*) FROM messages WHERE seq > (SELECT value FROM meta WHERE key='last_seq')"),
            "0");
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(copy).permissions() & (perms::group_all | perms::others_all), perms::none);
  check_promises(load, whole_history(server.port(), "#lobby"));
  for (const char* wrong : {"backup ../x", "backup /tmp/x", "backup .hidden", "backup a b"})
    EXPECT_THAT(server.console(wrong), StartsWith("ERR bad-argument")) << wrong;
}

TEST(StoreCommands, RoomsAndTheExportAgreeWithWhatWasSaid) {
  const TemporaryDirectory data;
  ServerProcess server(data, {"--workers", "2"});
  JsonClient speaker(server.port());
  join(speaker, "#den");
  for (int i = 0; i < 5; ++i) say(speaker, "#den", "in the den " + std::to_string(i));
  say(speaker, "#lobby", "in the lobby");
  const std::string rooms = server.console("room list");
  EXPECT_THAT(rooms, AllOf(HasSubstr("#den"), HasSubstr("#lobby"), HasSubstr("OK 3 rooms\n")));
  EXPECT_THAT(server.console("history export #den den.jsonl"), "OK exported backups/den.jsonl messages=5\n");
  std::ifstream file(data.path() / "backups" / "den.jsonl");
  int lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    const Json message = Json::parse(line);
    EXPECT_EQ(message["text"], "in the den " + std::to_string(lines));
    EXPECT_EQ(message["room"], "#den");
  }
  EXPECT_EQ(lines, 5);
  EXPECT_THAT(server.console("history export"), HasSubstr("messages=6"));
  EXPECT_THAT(server.console("history export #none"), StartsWith("ERR failed"));
}

// A step as long as that of a check of many gigabytes, which nothing interrupts either.
TEST(StoreCommands, ALongStepOfTheClerkIsWaitedForAndNotAtTheEnd) {
  constexpr std::chrono::seconds kMastersPatience{17};  // 15, and until it looks
  const TemporaryDirectory data;
  {
    FaultSwitch faults("ledger.in_request:sleep:600000");
    ServerProcess server(data, faults, {"--workers", "1", "--shutdown-timeout", "10"});
    make_account(server, "alice");
    server.program().write_input("check\n");
    const auto asked = Clock::now();
    eventually("the master's patience is over", [&] { return Clock::now() - asked > kMastersPatience; });
    EXPECT_EQ(server.program().output(), server.ready_line() + "\n") << "no answer yet, and none that it is late";
    make_account(server, "bob");
    server.program().signal(SIGTERM);
    EXPECT_EQ(server.program().wait(), 0) << "everything is durable, so this is a stop in good order";
    EXPECT_THAT(server.log(), HasSubstr("stopped, everything is durable"));
  }
  const ServerProcess server(data, {"--workers", "1"});
  EXPECT_TRUE(can_log_in(server.port(), "bob", std::string(kPassword)));
}

TEST(StoreCommands, MoreRoomsThanAnAnswerHoldsAreCutShortAndHarmNobody) {
  const TemporaryDirectory data;
  { const ServerProcess server(data, {"--workers", "1"}); }
  constexpr const char* kManyRooms =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
      " INSERT INTO rooms(name) SELECT '#many' || i FROM n";
  ASSERT_EQ(test::ask_sqlite(data.path() / "rookery.db", kManyRooms), "");
  const ServerProcess server(data, {"--workers", "1"});
  const pid_t ledger = server.ledger_pid();
  EXPECT_THAT(server.console("room list"), testing::EndsWith("OK the first 10000 of 100002 rooms\n"));
  EXPECT_EQ(server.ledger_pid(), ledger);
}

TEST(Retention, TheStoreStaysBoundedAndPostingGoesOn) {
  const TemporaryDirectory data;
  ServerProcess server(data, {"--workers", "1", "--history-size", "1M"});
  const auto file = data.path() / "rookery.db";
  JsonClient early(server.port());
  const Seen first = say(early, "#lobby", "the very first");
  make_noise(server.port(), 1200);  // 9.6 MB
  const Seen last = say(early, "#lobby", "the newest");
  eventually("the store is small enough", [&] {
    return std::stoull(value_in(file,
                                "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count,"
                                " pragma_freelist_count, pragma_page_size")) <= 1024 * 1024;
  });
  make_noise(server.port(), 1200);
  eventually("and again", [&] {
    return std::stoull(value_in(file,
                                "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count,"
                                " pragma_freelist_count, pragma_page_size")) <= 1024 * 1024;
  });
  const std::uint64_t pages = std::stoull(value_in(file, "PRAGMA page_count"));
  EXPECT_LT(pages * 4096, 8U * 1024 * 1024) << "19 MB were said";
  EXPECT_THAT(server.console("check"), StartsWith("OK whole"));
  // Whoever comes back from before the oldest one kept is told that something is missing.
  turn_the_ring_over(server.port());
  JsonClient late(server.port());
  EXPECT_EQ(resume(late, first).reply["recovered"], false);
  const Seen newest = say(early, "#lobby", "still here");
  EXPECT_EQ(resume(late, newest).reply["recovered"], true);
  EXPECT_EQ(early.ask({{"op", "history"}, {"room", "#lobby"}})["ok"], true);
}

TEST(Retention, OldMessagesGoByThemselves) {
  const TemporaryDirectory data;
  ServerProcess server(data, {"--workers", "1", "--history-age", "1s"});
  JsonClient speaker(server.port());
  say(speaker, "#lobby", "soon forgotten");
  const auto file = data.path() / "rookery.db";
  eventually("nothing is kept", [&] { return value_in(file, "SELECT count(*) FROM messages") == "0"; });
  EXPECT_EQ(whole_history(server.port(), "#lobby").size(), 0U);
  EXPECT_EQ(say(speaker, "#lobby", "again").seq > 0, true);
}

}  // namespace
}  // namespace rookery::system_test
