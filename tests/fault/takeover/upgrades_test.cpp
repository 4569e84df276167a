// Upgrades while streams are under way: the installed program takes over again and again, workers are killed in between
// and in the middle of it, programs come that do not come up. Nobody is dropped for any of it.
#include <gmock/gmock.h>
#include <signal.h>

#include <iostream>

#include "tests/fault/takeover/killer.h"
#include "tests/fault/takeover/streams.h"
#include "tests/system/harness/processes.h"
#include "tests/system/harness/server_process.h"

namespace rookery::system_test {
namespace {

using testing::StartsWith;

const int kUpgrades = kSanitized ? 3 : 10;

StreamsSetup seeded(std::uint64_t seed) {
  StreamsSetup setup;
  setup.seed = seed;
  return setup;
}

void expect_exact(Streams& streams, std::uint64_t most_too_early) {
  if (!streams.has_failed()) streams.wait_for_progress(10);
  const StreamsReport report = streams.finish();
  EXPECT_TRUE(report.exact()) << report;
  EXPECT_LE(report.too_early, most_too_early) << report;
  std::cout << report << '\n';
}

void upgrade_often(const ServerProcess& server, Streams& streams, int times) {
  for (int i = 0; i < times && !streams.has_failed(); ++i) {
    streams.wait_for_progress(10);
    EXPECT_THAT(server.console("upgrade"), StartsWith("OK upgraded"));
  }
}

TEST(UpgradeUnderLoad, NobodyIsDropped) {
  ServerProcess server({"--workers", "2"});
  Streams streams(server.port(), {});
  upgrade_often(server, streams, kUpgrades);
  expect_exact(streams, 0);
}

TEST(UpgradeUnderLoad, WithSeveralLoops) {
  ServerProcess server({"--workers", "1", "--loops", "3"});
  Streams streams(server.port(), seeded(2));
  upgrade_often(server, streams, kUpgrades / 2);
  expect_exact(streams, 0);
}

TEST(UpgradeUnderLoad, WithAThreadForEachClient) {
  ServerProcess server({"--workers", "2", "--model", "thread-per-client"});
  Streams streams(server.port(), seeded(3));
  upgrade_often(server, streams, kUpgrades / 2);
  expect_exact(streams, 0);
}

TEST(UpgradeUnderLoad, WithWorkersKilledInBetween) {
  ServerProcess server({"--workers", "4"});
  server.expect_alerts();
  Streams streams(server.port(), seeded(4));
  Killer killer(server, 4);
  for (int i = 0; i < kUpgrades && !streams.has_failed(); ++i) {
    streams.wait_for_progress(10);
    killer.strike();
    std::string answer;
    // One whose worker was on its way at that moment is told to try again.
    eventually("it may begin", [&] {
      answer = server.console("upgrade");
      return !answer.starts_with("ERR not-now");
    });
    EXPECT_THAT(answer, StartsWith("OK upgraded"));
  }
  expect_exact(streams, 2 + killer.deaths());
}

TEST(UpgradeUnderLoad, Row32_BackedOutAtEveryStep) {
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "2"});
  server.expect_alerts();
  Streams streams(server.port(), seeded(5));
  for (const char* fault : {"upgrade.in_rehearsal:kill9", "upgrade.before_exec:errno:ENOMEM",
                            "upgrade.in_take_over:errno:EIO", "ledger.at_start:kill9", "worker.at_start:abort:2"}) {
    if (streams.has_failed()) break;
    streams.wait_for_progress(10);
    faults.set(fault);
    EXPECT_THAT(server.console("upgrade"), StartsWith("ERR not-upgraded")) << fault;
    EXPECT_GT(faults.fired(), 0u) << fault;
    faults.clear();
    server.wait_until_all_serve();
  }
  expect_exact(streams, 0);
}

}  // namespace
}  // namespace rookery::system_test
