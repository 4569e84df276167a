// An fsync that fails or takes its time.
#include <gmock/gmock.h>

#include "tests/fault/rows/ledger_load.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;
using testing::HasSubstr;

// The kernel reports a lost page once; whoever syncs again is told that all is well. So the ledger goes, at once.
TEST(StoreFaults, Row36_FailedFsyncIsAPauseAndANewLedger) {
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "2"});
  server.expect_alerts();
  Load load(server.port(), 4);
  load.wait_for_progress(10);
  constexpr int kRounds = 3;  // four deaths in ten seconds are not too many
  for (int round = 0; round < kRounds; ++round) {
    const pid_t ledger = server.ledger_pid();
    faults.set("store.sync:errno:EIO");
    eventually("an fsync fails", [&] { return faults.fired() > 0; });
    load.wait_for_progress(10);
    server.wait_until_all_serve({ledger});
  }
  faults.clear();
  load.finish();
  EXPECT_THAT(server.log(), HasSubstr("code 74"));
  check_only_a_pause(load, whole_history(server.port(), "#lobby"));
}

// Likewise in a checkpoint: of the one that each opening makes, here.
TEST(StoreFaults, Row36_FailedFsyncOfTheDatabase) {
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "2"});
  Load load(server.port(), 4);
  load.wait_for_progress(10);
  const pid_t ledger = server.ledger_pid();
  faults.set("store.database_sync:errno:EIO");
  server.kill_child(ledger);
  eventually("the checkpoint fails", [&] { return faults.fired() > 0; });
  load.wait_for_progress(10);
  server.wait_until_all_serve({ledger});
  load.finish();
  check_only_a_pause(load, whole_history(server.port(), "#lobby"));
}

TEST(StoreFaults, Row37_SlowFsyncDelaysAnswersOnly) {
  constexpr std::chrono::seconds kSync{20};  // long, so that a busy machine does all the rest meanwhile
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "2"});
  auto people = one_client_on_each_worker(server, 2);
  JsonClient& speaker = *people[0].client;
  JsonClient& listener = *people[1].client;
  ASSERT_EQ(speaker.ask({{"op", "say"}, {"room", "#lobby"}, {"text", "before"}})["ok"], true);
  const pid_t ledger = server.ledger_pid();
  faults.set("store.sync:sleep:" + std::to_string(std::chrono::milliseconds(kSync).count()));
  const auto begin = Clock::now();
  speaker.send_json({{"op", "say"}, {"id", "slow"}, {"room", "#lobby"}, {"text", "slow"}});
  listener.expect_event([](const Json& event) { return event["event"] == "message" && event["text"] == "slow"; });
  eventually("the fsync takes its time", [&] { return faults.fired() > 0; });
  EXPECT_EQ(stored_history(server.port(), "#lobby").back().text, "before");
  TextClient late(server.port());
  EXPECT_EQ(late.ask("/ping"), "OK pong");
  EXPECT_LT(Clock::now() - begin, kSync) << "all of this was to happen meanwhile";
  EXPECT_EQ(speaker.ask({{"op", "say"}, {"room", "#lobby"}, {"text", "next"}})["ok"], true);
  EXPECT_GE(Clock::now() - begin, kSync) << "acknowledged before it was synced";
  EXPECT_EQ(server.ledger_pid(), ledger);
  EXPECT_THAT(server.log(), Not(HasSubstr("hangs")));
}

}  // namespace
}  // namespace rookery::system_test
