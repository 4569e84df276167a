// Where carrying on would be wrong: a line that kills whoever looks at it, and a session whose memory is damaged. That
// one session is closed with the advice to connect again and resume; all others are carried on.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/fault/rows/wild_worker.h"
#include "tests/fault/takeover/streams.h"
#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kMostDeaths = 3;
const char* const kCrash = kSanitized ? "abort" : "segv";
constexpr SocketSetup kOffender{.receive_buffer_bytes = 0, .source = "127.0.0.2"};

StreamsSetup small_crowd(std::uint64_t seed) {
  StreamsSetup setup;
  setup.seed = seed;
  setup.talkers = 16;
  setup.slow = 4;
  setup.visitors = 3;
  setup.some_leave = true;
  return setup;
}

// What it is told at its end.
std::vector<std::string> poison(const ServerProcess& server) {
  TextClient client(server.port(), kOffender);
  EXPECT_EQ(client.ask("hello"), "Echo: hello");
  client.send_line("poison pill");
  client.read_to_end();
  return client.lines();
}

TEST(TakeoverDoubt, Row19_APoisonLineClosesItsOwnSessionAlone) {
  FaultSwitch faults("worker.poison_line:" + std::string(kCrash) + ":1+");
  ServerProcess server(faults, {"--workers", "4"});
  server.expect_alerts();
  Streams streams(server.port(), small_crowd(3));
  TextClient neighbour(server.port(), kOffender);
  EXPECT_EQ(neighbour.ask("hello"), "Echo: hello");
  streams.wait_for_progress(5);

  EXPECT_THAT(poison(server).back(), testing::AllOf(HasSubstr("[!] "), HasSubstr("connect again")));
  EXPECT_EQ(faults.fired(), 2u) << "its line is tried by one successor";
  EXPECT_EQ(neighbour.ask("still here"), "Echo: still here") << "one poison line is not its neighbours' fault";
  EXPECT_EQ(server.console("workers").find("shut-out"), std::string::npos);
  streams.wait_for_progress(5);

  // Somebody does it again from there: then the address is shut out, before a fourth worker dies.
  TextClient second(server.port(), kOffender);
  second.send_line("poison pill");
  second.read_to_end();
  eventually("the address is shut out",
             [&] { return server.console("workers").find("shut-out 127.0.0.2") != std::string::npos; });
  EXPECT_LE(faults.fired(), kMostDeaths);
  EXPECT_THAT(TextClient(server.port(), kOffender).read_line(), HasSubstr("shut out"));
  neighbour.read_to_end();

  if (!streams.has_failed()) streams.wait_for_progress(5);
  const StreamsReport report = streams.finish();
  EXPECT_TRUE(report.exact()) << report << doubts_in(server.log());
  EXPECT_LE(faults.fired(), kMostDeaths);
}

// The region still names the line that its predecessor died of.
TEST(TakeoverDoubt, AWorkerThatDiesBeforeItServesDiedOfNobodysLine) {
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "1"});
  server.expect_alerts();
  TextClient client(server.port());
  EXPECT_EQ(client.ask("hello"), "Echo: hello");
  faults.set("worker.poison_line:" + std::string(kCrash) + ",worker.at_start:abort");
  EXPECT_EQ(client.ask("poison pill"), "Echo: poison pill");
  EXPECT_EQ(faults.fired(), 2u);
  EXPECT_EQ(server.console("workers").find("shut-out"), std::string::npos);
}

// Killed from outside, however often, nobody is in doubt.
TEST(TakeoverDoubt, AKillIsHeldAgainstNobodyHoweverOften) {
  ServerProcess server({"--workers", "4"});
  JsonClient client(server.port());
  for (int kill = 0; kill < 8; ++kill) {
    const std::uint64_t id = id_of(client);
    // For a moment after it was handed over it can be seen at its old worker too, which is not there.
    std::optional<int> victim;
    eventually("it sits at a worker that serves", [&] {
      const auto at = static_cast<int>(workers_of_clients(server.port()).at(id));
      for (const ProcessRow& row : server.processes())
        if (row.number == at && row.state == "serving") victim = row.pid;
      return victim.has_value();
    });
    server.kill_child(*victim);
    EXPECT_EQ(client.ask({{"op", "echo"}, {"text", "here"}})["text"], "here");
  }
}

// Everybody has gone, and nobody has left a room behind.
void expect_empty_rooms(const ServerProcess& server) {
  TextClient last(server.port());
  EXPECT_NO_THROW(eventually(
      "all rooms are over", [&] { return last.ask("/rooms") == "OK 1 rooms"; }, std::chrono::seconds{5 * kSlowness}))
      << last.ask_lines("/rooms").front();
}

class Damage : public testing::TestWithParam<SessionDamage> {};

// One of its sessions is overwritten while the worker stands still, then it dies.
TEST_P(Damage, ADamagedSessionIsClosedAndTheOthersAreCarriedOn) {
  const int kRounds = kSanitized ? 2 : 4;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(round);
    ServerProcess server({"--workers", "3", "--max-clients", "128"});
    Streams streams(server.port(), small_crowd(static_cast<std::uint64_t>(round)));
    streams.wait_for_progress(5);
    const std::size_t victim = static_cast<std::size_t>(round) * 3 % streams.size();
    const auto worker = workers_of_clients(server.port()).at(streams.id_of(victim));
    const pid_t pid = server.worker_pid(static_cast<int>(worker));
    server.signal_child(pid, SIGSTOP);
    freeze(pid);
    scribble_over_session(pid, streams.id_of(victim), GetParam(), static_cast<std::uint64_t>(round));
    server.kill_child(pid);
    server.wait_until_all_serve({pid});
    streams.wait_for_progress(5);
    const StreamsReport report = streams.finish();
    // Which rooms it was in is lost with the block: they keep a member too many.
    if (GetParam() == SessionDamage::OneBit) expect_empty_rooms(server);
    EXPECT_EQ(report.cut, 0u) << report;
    EXPECT_EQ(report.verdict.count(), 0u) << report;
    if (GetParam() == SessionDamage::Noise) {
      EXPECT_EQ(streams.standing_of(victim), Standing::Hinted) << report;
      EXPECT_EQ(report.hinted, 1u) << report << doubts_in(server.log());
    } else {  // a bit may lie where nothing is in force
      EXPECT_LE(report.hinted, 1u) << report;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Takeover, Damage, testing::Values(SessionDamage::Noise, SessionDamage::OneBit),
                         [](const auto& damage) {
                           return damage.param == SessionDamage::Noise ? std::string("Noise") : std::string("OneBit");
                         });

}  // namespace
}  // namespace rookery::system_test
