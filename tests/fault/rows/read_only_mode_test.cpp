// The ledger dies again and again: read-only mode, said to everybody, and the way out of it.
#include <gmock/gmock.h>

#include "tests/fault/rows/ledger_load.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;
using testing::HasSubstr;

bool is_notice(const Json& event, const std::string& part) {
  return event["event"] == "notice" && event["text"].get<std::string>().find(part) != std::string::npos;
}

bool is_parked(const ServerProcess& server) {
  for (const ProcessRow& row : server.processes())
    if (row.role == "ledger") return row.state == "parked";
  return false;
}

TEST(StoreFaults, Row16_LedgerThatKeepsDyingLeavesReadOnlyMode) {
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "2"});
  server.expect_alerts();
  make_account(server, "alice");
  auto people = one_client_on_each_worker(server, 2);
  JsonClient& one = *people[0].client;
  JsonClient& two = *people[1].client;
  ASSERT_EQ(one.ask({{"op", "say"}, {"room", "#lobby"}, {"text", "before"}})["ok"], true);

  faults.set("ledger.at_start:kill9:1+");
  server.kill_child(server.ledger_pid());
  eventually("the ledger is gone", [&] { return server.log().find("ledger is started again") != std::string::npos; });
  // Nobody takes it any more; whoever waits is told, and not only when the ledger is back.
  const Json untaken = one.ask({{"op", "say"}, {"id", "untaken"}, {"room", "#lobby"}, {"text", "untaken"}});
  EXPECT_EQ(untaken["error"], "not-durable");
  for (JsonClient* client : {&one, &two})
    client->expect_event([](const Json& event) { return is_notice(event, "read-only mode"); });
  // It is tried again every second.
  eventually("it is parked", [&] { return is_parked(server); });
  eventually("the console says so",
             [&] { return server.console("workers").find("read-only mode; died too often") != std::string::npos; });
  EXPECT_THAT(server.console("broadcast hello"), HasSubstr("ERR not-durable"));

  const Json refused = two.ask({{"op", "broadcast"}, {"text", "refused"}});
  EXPECT_EQ(refused["error"], "not-durable");
  EXPECT_THAT(refused["message"].get<std::string>(), HasSubstr("nothing was sent"));
  EXPECT_EQ(two.ask({{"op", "join"}, {"room", "#den"}})["error"], "not-durable");
  EXPECT_EQ(two.ask({{"op", "register"}, {"name", "bob"}, {"password", kPassword}})["error"], "not-durable");
  EXPECT_EQ(two.ask({{"op", "history"}, {"room", "#lobby"}})["error"], "rate-limited");
  EXPECT_EQ(two.ask("ping")["ok"], true);
  EXPECT_EQ(two.ask("rooms")["ok"], true);
  TextClient login(server.port());
  login.ask("/login alice " + std::string(kPassword));
  EXPECT_THAT(login.ask("/login alice x"), HasSubstr("ERR"));
  EXPECT_EQ(login.ask("hello"), "Echo: hello");

  faults.clear();
  server.wait_until_all_serve();
  for (JsonClient* client : {&one, &two})
    client->expect_event([](const Json& event) { return is_notice(event, "works again"); });
  EXPECT_EQ(two.ask({{"op", "say"}, {"room", "#lobby"}, {"text", "after"}})["ok"], true);
  EXPECT_EQ(two.ask({{"op", "join"}, {"room", "#den"}})["members"], 1);
  one.sync();
  EXPECT_EQ(std::ranges::count_if(one.lines(),
                                  [](const std::string& line) {
                                    return line.find("\"re\"") != std::string::npos &&
                                           line.find("\"untaken\"") != std::string::npos;
                                  }),
            1)
      << "answered twice";
  std::vector<std::string> texts;
  for (const HistoryItem& item : whole_history(server.port(), "#lobby")) texts.push_back(item.text);
  EXPECT_EQ(std::ranges::count(texts, "untaken"), 1) << "it was said, and is stored once";
  EXPECT_EQ(std::ranges::count(texts, "refused"), 0);
  EXPECT_EQ(texts.back(), "after");
}

// Load, and everything that was posted is answered: in read-only mode nobody waits.
TEST(StoreFaults, Row16_WhoeverWaitsIsTold) {
  const TemporaryDirectory data;
  {
    FaultSwitch faults;
    ServerProcess server(data, faults, {"--workers", "2", "--shutdown-timeout", kNeverForced});
    server.expect_alerts();
    server.expect_exit_code(70);  // the ledger cannot make durable what was left
    Load load(server.port(), 6);
    load.wait_for_progress(10);
    faults.set("ledger.after_publish:kill9:5,ledger.at_start:kill9:1+");
    eventually("the ledger is parked", [&] { return is_parked(server); });
    load.finish();  // each poster waits for all of its answers
    for (const auto& poster : load.posters()) {
      EXPECT_EQ(poster->trouble(), "") << poster->name();
      EXPECT_TRUE(poster->was_told()) << poster->name();
      EXPECT_GT(poster->refused(), 0U) << poster->name();
    }
    server.stop();
  }
}

TEST(StoreFaults, Row16_AFewDeathsAreNotTold) {
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "2"});
  server.expect_alerts();
  Load load(server.port(), 6);
  load.wait_for_progress(10);
  const pid_t ledger = server.ledger_pid();
  faults.set("ledger.at_start:kill9,ledger.at_start:kill9,ledger.at_start:kill9");
  server.kill_child(ledger);
  eventually("the ledger has died four times", [&] { return faults.fired() == 3; });
  load.wait_for_progress(10);
  load.finish();
  for (const auto& poster : load.posters()) EXPECT_FALSE(poster->was_told()) << poster->name();
  check_only_a_pause(load, whole_history(server.port(), "#lobby"));
}

}  // namespace
}  // namespace rookery::system_test
