// kill -9 of the ledger at every step of its work, under load: a pause, and nothing else.
#include <gmock/gmock.h>

#include "tests/fault/rows/ledger_load.h"

namespace rookery::system_test {
namespace {

using testing::HasSubstr;

class LedgerDies : public testing::TestWithParam<const char*> {};

std::string name_of_rule(const testing::TestParamInfo<const char*>& info) {
  std::string name = "Row15_" + std::string(info.param);
  name = name.substr(0, name.find(':'));
  std::ranges::replace(name, '.', '_');
  return name;
}

TEST_P(LedgerDies, UnderLoad) {
  // Four deaths in a row are a pause; a fifth within ten seconds would park it.
  const int kDeaths = kSanitized ? 2 : 4;
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "2"});
  server.expect_alerts();
  Load load(server.port(), 6);
  load.wait_for_progress(10);
  const std::string point = GetParam();
  for (int death = 0; death < kDeaths; ++death) {
    const pid_t ledger = server.ledger_pid();
    faults.set(point + ":" + std::to_string(1 + death * 3));
    eventually("the ledger has died", [&] { return faults.fired() > 0; });
    load.wait_for_progress(3);  // how long the pause is: ledger_pause_bench
    server.wait_until_all_serve({ledger});
  }
  load.finish();
  check_only_a_pause(load, whole_history(server.port(), "#lobby"));
}

INSTANTIATE_TEST_SUITE_P(StoreFaults, LedgerDies,
                         testing::Values("ledger.after_read:kill9", "ledger.before_publish:kill9",
                                         "ledger.after_publish:kill9", "ledger.before_ack_cursor:kill9",
                                         "ledger.after_ack_cursor:kill9", "ledger.before_commit:kill9",
                                         "ledger.after_commit:kill9", "store.write:kill9", "store.after_write:kill9",
                                         "store.sync:kill9", "store.after_sync:kill9"),
                         name_of_rule);

// The only client waits for its answer, so nobody but the successor can wake its loop in less than half a second.
TEST(StoreFaults, Row15_WhoWaitsIsWokenByTheSuccessor) {
  constexpr std::chrono::milliseconds kLoopSleeps{500};
  constexpr std::chrono::milliseconds kWoken = kLoopSleeps * 4 / 5;
  // Never sooner where nobody wakes it; on a busy machine not at every try. A sanitizer's ledger takes longer to start
  // than the loop sleeps.
  const int kServers = kSanitized ? 1 : 6;
  Clock::duration shortest = Clock::duration::max();
  for (int start = 0; start < kServers && shortest >= kWoken; ++start) {
    FaultSwitch faults;
    ServerProcess server(faults, {"--workers", "1"});
    server.expect_alerts();
    JsonClient client(server.port());
    ASSERT_EQ(client.ask({{"op", "say"}, {"room", "#lobby"}, {"text", "before"}})["ok"], true);
    for (int death = 0; death < 3; ++death) {  // five within ten seconds would be read-only mode
      const pid_t ledger = server.ledger_pid();
      faults.set("ledger.after_publish:kill9");
      const auto begin = Clock::now();
      EXPECT_EQ(client.ask({{"op", "say"}, {"room", "#lobby"}, {"text", "after"}})["ok"], true);
      shortest = std::min(shortest, Clock::now() - begin);
      server.wait_until_all_serve({ledger});
    }
  }
  EXPECT_TRUE(kSanitized || shortest < kWoken) << "posting goes on when the loop has slept its time";
}

class LedgerDiesAgain : public testing::TestWithParam<const char*> {};

// What only happens while a successor starts, or a checkpoint runs.
TEST_P(LedgerDiesAgain, WhileItRecovers) {
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "2"});
  server.expect_alerts();
  Load load(server.port(), 6);
  load.wait_for_progress(10);
  const pid_t ledger = server.ledger_pid();
  // Published and not stored, so there is something to recover; the two that try it die as well.
  faults.set("ledger.before_commit:kill9:2," + std::string(GetParam()) + "," + GetParam());
  eventually("ledgers have died", [&] { return faults.fired() == 3; });
  load.wait_for_progress(10);
  server.wait_until_all_serve({ledger});
  load.finish();
  check_only_a_pause(load, whole_history(server.port(), "#lobby"));
}

INSTANTIATE_TEST_SUITE_P(StoreFaults, LedgerDiesAgain,
                         testing::Values("ledger.at_start:kill9", "ledger.in_recovery:kill9",
                                         "ledger.in_checkpoint:kill9", "store.database_write:kill9",
                                         "store.database_sync:kill9"),
                         name_of_rule);

// Who was told that an account is his has it after every death, and nobody else has.
TEST(StoreFaults, Row15_NamesHaveOneOwner) {
  const std::size_t kNames = kSanitized ? 2 : 4;
  constexpr std::size_t kRivals = 4;
  const TemporaryDirectory data;
  const char* const points[] = {"ledger.after_publish:kill9", "ledger.before_commit:kill9", "ledger.after_commit:kill9",
                                "ledger.before_ack_cursor:kill9"};
  std::vector<std::vector<std::string>> answers(kNames, std::vector<std::string>(kRivals));
  const auto password = [](std::size_t name, std::size_t rival) {
    return "secret-" + std::to_string(name) + "-" + std::to_string(rival);
  };
  {
    FaultSwitch faults;
    ServerProcess server(data, faults, {"--workers", "2"});
    server.expect_alerts();
    for (std::size_t name = 0; name < kNames; ++name) {
      faults.set(points[name]);
      in_threads(kRivals, [&](std::size_t rival) {
        TextClient client(server.port());
        answers[name][rival] = client.ask("/register owner" + std::to_string(name) + " " + password(name, rival));
      });
      EXPECT_EQ(faults.fired(), 1U) << points[name];
      server.wait_until_all_serve();
    }
    server.kill_master();
    server.expect_group_gone();
  }
  const ServerProcess server(data, {"--workers", "2"});
  for (std::size_t name = 0; name < kNames; ++name) {
    int owners = 0;
    for (std::size_t rival = 0; rival < kRivals; ++rival) {
      TextClient client(server.port());
      const std::string login = client.ask("/login owner" + std::to_string(name) + " " + password(name, rival));
      const bool told = answers[name][rival].starts_with("OK registered");
      EXPECT_EQ(login.starts_with("OK logged in"), told) << answers[name][rival] << " / " << login;
      owners += told ? 1 : 0;
    }
    EXPECT_EQ(owners, 1) << "owner" << name;
  }
}

}  // namespace
}  // namespace rookery::system_test
