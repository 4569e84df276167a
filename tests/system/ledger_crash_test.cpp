// kill -9 of the ledger under load: a pause, and nothing else.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include "tests/system/harness/load.h"
#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;

TEST(LedgerCrash, UnderLoadIsAPauseOnly) {
  const int kRounds = kSanitized ? 2 : 4;
  ServerProcess server({"--workers", "2"});
  const pid_t worker0 = server.worker_pid(0);
  const pid_t worker1 = server.worker_pid(1);
  Load load(server.port(), 8);
  load.wait_for_progress(20);
  for (int round = 0; round < kRounds; ++round) {
    const pid_t victim = server.ledger_pid();
    server.kill_child(victim);
    load.wait_for_progress(20);
    server.wait_until_all_serve({victim});
  }
  load.finish();
  EXPECT_EQ(server.worker_pid(0), worker0);
  EXPECT_EQ(server.worker_pid(1), worker1);
  for (const auto& poster : load.posters()) {
    EXPECT_FALSE(poster->was_closed()) << poster->name();
    EXPECT_EQ(poster->refused(), 0u) << poster->name();
    EXPECT_EQ(poster->acknowledged().size(), poster->posted()) << poster->name();
  }
  const auto history = whole_history(server.port(), "#lobby");
  EXPECT_EQ(history.size(), load.acknowledged_count());
  check_promises(load, history);
}

TEST(LedgerCrash, RegistrationsAndRoomsGoOn) {
  ServerProcess server({"--workers", "2"});
  JsonClient watcher(server.port());
  static_cast<void>(watcher.ask({{"op", "presence"}, {"on", true}}));
  static_cast<void>(watcher.ask({{"op", "join"}, {"room", "#den"}}));
  JsonClient visitor(server.port());
  const std::uint64_t id = id_of(visitor);
  const auto of_visitor = [id](const Json& e) { return e["event"] != "message" && e["from"]["client"] == id; };
  for (int round = 0; round < 3; ++round) {
    server.kill_child(server.ledger_pid());
    const std::string name = "person" + std::to_string(round);
    EXPECT_EQ(visitor.ask({{"op", "register"}, {"name", name}, {"password", kPassword}})["ok"], true);
    EXPECT_EQ(visitor.ask({{"op", "join"}, {"room", "#den"}})["members"], 2);
    EXPECT_EQ(watcher.expect_event(of_visitor)["event"], "joined");
    EXPECT_EQ(visitor.ask({{"op", "leave"}, {"room", "#den"}})["members"], 1);
    EXPECT_EQ(watcher.expect_event(of_visitor)["event"], "left");
    TextClient login(server.port());
    login.log_in(name, kPassword);
    EXPECT_EQ(visitor.ask({{"op", "history"}, {"room", "#lobby"}})["ok"], true);
    server.wait_until_all_serve();
  }
}

TEST(LedgerCrash, TogetherWithAllWorkers) {
  ServerProcess server({"--workers", "2"});
  Load load(server.port(), 6);
  load.wait_for_progress(20);
  std::vector<pid_t> victims;
  for (const ProcessRow& row : server.processes()) victims.push_back(row.pid);
  for (const pid_t victim : victims) server.kill_child(victim);
  load.wait_for_progress(20);
  server.wait_until_all_serve(victims);
  load.finish();
  for (const auto& poster : load.posters()) EXPECT_FALSE(poster->was_closed()) << poster->name();
  Load more(server.port(), 2, "#den");
  more.wait_for_progress(10);
  more.finish();
  check_promises(load, whole_history(server.port(), "#lobby"));
  check_promises(more, whole_history(server.port(), "#den"));
}

// "rookery-ctl history export", "backup", an operator's sqlite3: they read for as long as they like.
TEST(LedgerCrash, BesideAReaderOfTheStore) {
  const TemporaryDirectory data;
  ServerProcess server(data, {"--workers", "1"});
  TextClient alice(server.port());
  EXPECT_THAT(alice.ask("/say #lobby before"), testing::HasSubstr("OK"));
  sqlite3* reader = nullptr;
  ASSERT_EQ(sqlite3_open_v2((data.path() / "rookery.db").c_str(), &reader, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM messages", nullptr, nullptr, nullptr), SQLITE_OK);
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(alice.ask("/say #lobby beside the reader"), testing::HasSubstr("OK"));
    const pid_t victim = server.ledger_pid();
    server.kill_child(victim);
    EXPECT_THAT(alice.ask("/say #lobby after the kill"), testing::HasSubstr("OK"));
    server.wait_until_all_serve({victim});
  }
  sqlite3_close(reader);
  EXPECT_EQ(whole_history(server.port(), "#lobby").size(), 5U);
}

}  // namespace
}  // namespace rookery::system_test
