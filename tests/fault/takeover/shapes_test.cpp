// Every shape of a server carries its clients on: one worker, several loops, a thread for each client, and one that
// hangs.
#include <gmock/gmock.h>

#include "tests/fault/takeover/trial.h"
#include "tests/system/harness/processes.h"
#include "tests/system/harness/server_process.h"

namespace rookery::system_test {
namespace {

struct Shape {
  const char* name;
  std::vector<std::string> options;
  std::uint64_t kills;  // of one worker alone there may be four in ten seconds
};

void PrintTo(const Shape& shape, std::ostream* out) {
  *out << shape.name;
}

class TakeoverShape : public testing::TestWithParam<Shape> {};

TEST_P(TakeoverShape, Row01_Row02_EveryStreamIsExact) {
  TrialSetup setup;
  setup.shape = GetParam().options;
  setup.kills = kSanitized ? (GetParam().kills + 1) / 2 : GetParam().kills;
  setup.streams.seed = 11;
  setup.streams.talkers = 20;
  setup.streams.broadcasts = false;
  const TrialReport report = run_trial(setup);
  EXPECT_TRUE(report.exact()) << report;
  EXPECT_GE(report.kills, setup.kills) << report;
}

INSTANTIATE_TEST_SUITE_P(
    Of, TakeoverShape,
    testing::Values(Shape{"OneWorker", {"--workers", "1"}, 5},
                    Shape{"OneWorkerTwoLoops", {"--workers", "1", "--loops", "2"}, 5},
                    Shape{"TwoByTwo", {"--workers", "2", "--loops", "2"}, 10},
                    Shape{"ThreadPerClient", {"--workers", "3", "--model", "thread-per-client"}, 14},
                    Shape{"OneWorkerThreadPerClient", {"--workers", "1", "--model", "thread-per-client"}, 4}),
    [](const auto& shape) { return shape.param.name; });

// All workers at once: nobody is left to adopt anybody, the successors carry on.
TEST(Takeover, Row22_AllWorkersInTheSameMoment) {
  ServerProcess server({"--workers", "4"});
  Streams streams(server.port(), {});
  for (int round = 0; round < 3 && !streams.has_failed(); ++round) {
    streams.wait_for_progress(10);
    std::vector<pid_t> victims;
    for (const ProcessRow& row : server.processes())
      if (row.role == "worker" && row.pid != 0) victims.push_back(row.pid);
    freeze(server.pid());  // it finds them all at once
    for (const pid_t victim : victims) server.kill_child(victim);
    server.program().signal(SIGCONT);
    server.wait_until_all_serve(victims);
  }
  if (!streams.has_failed()) streams.wait_for_progress(10);
  const StreamsReport report = streams.finish();
  EXPECT_TRUE(report.exact()) << report << doubts_in(server.log());
}

// The first ten seconds of a process nobody judges its heartbeat; then five without one are a hang.
TEST(Takeover, Row06_AWorkerThatHangs) {
  ServerProcess server({"--workers", "3"});
  Streams streams(server.port(), {});
  const auto old_enough = Clock::now() + std::chrono::seconds{10};
  eventually("a hang is judged", [&] { return Clock::now() > old_enough; });
  const pid_t victim = server.worker_pid(1);
  server.signal_child(victim, SIGSTOP);
  server.wait_until_all_serve({victim});
  streams.wait_for_progress(10);
  const StreamsReport report = streams.finish();
  EXPECT_TRUE(report.exact()) << report << doubts_in(server.log());
}

// The ledger may die in the middle of it.
TEST(Takeover, Row15_TheLedgerDiesAsWell) {
  ServerProcess server({"--workers", "4"});
  Streams streams(server.port(), {});
  for (int round = 0; round < 3 && !streams.has_failed(); ++round) {
    streams.wait_for_progress(10);
    const pid_t ledger = server.ledger_pid();
    const pid_t victim = server.worker_pid(round);
    if (round == 1) server.kill_child(ledger);
    server.kill_child(victim);
    if (round != 1) server.kill_child(ledger);
    server.wait_until_all_serve({victim, ledger});
  }
  if (!streams.has_failed()) streams.wait_for_progress(10);
  const StreamsReport report = streams.finish();
  EXPECT_TRUE(report.exact()) << report << doubts_in(server.log());
}

}  // namespace
}  // namespace rookery::system_test
