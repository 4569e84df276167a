// Workers that crash: what is found of it, who is held to account, how often they are started again. The numbers are
// those of the fault matrix.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>

#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<pid_t> worker_pids(const ServerProcess& server) {
  std::vector<pid_t> pids;
  for (const ProcessRow& row : server.processes())
    if (row.role == "worker") pids.push_back(row.pid);
  return pids;
}

std::uint64_t worker_restarts(const ServerProcess& server) {
  std::uint64_t sum = 0;
  for (const ProcessRow& row : server.processes())
    if (row.role == "worker") sum += row.restarts;
  return sum;
}

std::string state_of(const ServerProcess& server, int worker) {
  for (const ProcessRow& row : server.processes())
    if (row.number == worker) return row.state;
  return "?";
}

// A sanitizer has its own handlers for all but SIGABRT, and its own words.
const char* const kCrash = kSanitized ? "abort" : "segv";

void crash_and_look(const std::string& action, const std::string& signal) {
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "2"});
  server.expect_alerts();
  auto seated = one_client_on_each_worker(server, 2);
  const pid_t victim = server.worker_pid(0);
  const pid_t ledger = server.ledger_pid();
  const auto acknowledged = seated[0].client->ask({{"op", "say"}, {"room", "#lobby"}, {"text", "kept"}}).at("seq");
  faults.set("worker.poison_line:" + action);
  const auto answer = seated[0].client->ask({{"op", "echo"}, {"text", "poison pill"}});
  EXPECT_EQ(answer["text"], "poison pill") << "once is an accident: the successor carries the line out";
  EXPECT_EQ(seated[1].client->ask("ping")["ok"], true) << "the other worker's client notices nothing";
  server.wait_until_all_serve({victim});
  EXPECT_EQ(server.ledger_pid(), ledger);
  EXPECT_EQ(worker_restarts(server), 1u);
  JsonClient again(server.port());
  const auto history = again.ask({{"op", "history"}, {"room", "#lobby"}, {"limit", 1}}).at("messages");
  EXPECT_EQ(history.at(0).at("seq"), acknowledged);
  EXPECT_THAT(server.log(), HasSubstr("ALERT worker 0 pid=" + std::to_string(victim) + " ended: signal "));
  if (kSanitized) return;
  EXPECT_THAT(server.log(), HasSubstr("worker 0 pid=" + std::to_string(victim) + " ALERT crashed: " + signal));
  EXPECT_THAT(server.log(),
              testing::ContainsRegex("worker 0 pid=" + std::to_string(victim) + " #[0-9]+ rookery-master-faulty\\+0x"));
}

TEST(Supervision, Row03_ACrashIsFoundDumpedAndReplaced) {
  crash_and_look("abort", "SIGABRT");
  if (kSanitized) return;
  crash_and_look("segv", "SIGSEGV");
  crash_and_look("bus", "SIGBUS");
}

TEST(Supervision, Row05_WritingIntoAnothersRegionHurtsTheOffenderAlone) {
  if (kSanitized) GTEST_SKIP() << "the sanitizer reports the fault as its own";
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "2", "--sandbox", "off"});  // it looks up in /proc where to write
  server.expect_alerts();
  auto seated = one_client_on_each_worker(server, 2);
  const pid_t victim = server.worker_pid(0), ledger = server.ledger_pid(), other = server.worker_pid(1);
  faults.set("worker.poison_line:scribble");
  EXPECT_EQ(seated[0].client->ask({{"op", "echo"}, {"text", "poison pill"}})["ok"], true);
  server.wait_until_all_serve({victim});
  EXPECT_THAT(server.log(), testing::ContainsRegex("ALERT crashed: SIGSEGV at address 0x[0-9a-f]+"));
  EXPECT_EQ(server.ledger_pid(), ledger);
  EXPECT_EQ(server.worker_pid(1), other);
  EXPECT_EQ(seated[1].client->ask({{"op", "say"}, {"room", "#lobby"}, {"text", "well"}})["ok"], true);
}

TEST(Supervision, Row17_AWorkerThatCannotStartIsNotTriedForEver) {
  const FaultSwitch faults("worker.at_start:exit:3:1+");
  const TemporaryDirectory data;
  const FailedStart start =
      run_server_to_its_end({"--port", "0", "--data", data.path().string(), "--workers", "2"}, {}, &faults);
  EXPECT_EQ(start.exit_code, 70);
  EXPECT_THAT(start.errors, HasSubstr("exit code 3"));
  EXPECT_EQ(start.output, "");
  EXPECT_LE(faults.passed(fault::Point::MasterAfterFork), 3u) << "the ledger, and each worker once";
}

TEST(Supervision, Row17_NorOneThatCannotStartAgain) {
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "2"});
  server.expect_alerts();
  faults.set("worker.at_start:exit:3:1+");
  server.kill_child(server.worker_pid(0));
  eventually("worker 0 is parked", [&] { return state_of(server, 0) == "parked"; });
  EXPECT_LE(faults.fired(), 5u);
  EXPECT_EQ(state_of(server, 1), "serving");
  TextClient client(server.port());
  EXPECT_EQ(client.ask("hello"), "Echo: hello");
}

TEST(Supervision, Row18_WhoDiesAgainAndAgainIsParkedAndComesBack) {
  ServerProcess server({"--workers", "2"});
  for (int death = 0; death < 5; ++death) {
    eventually("worker 0 serves", [&] { return state_of(server, 0) == "serving"; });
    server.kill_child(server.worker_pid(0));
    eventually("its death is seen",
               [&] { return worker_restarts(server) > static_cast<std::uint64_t>(death) || death == 4; });
  }
  eventually("worker 0 is parked", [&] { return state_of(server, 0) == "parked"; });
  EXPECT_EQ(worker_restarts(server), 4u);
  EXPECT_THAT(server.log(), HasSubstr("worker 0 died too often: parked for 30 s"));
  std::vector<std::unique_ptr<TextClient>> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(std::make_unique<TextClient>(server.port()));
    EXPECT_EQ(clients.back()->ask("hello"), "Echo: hello");
  }
  if (kSanitized) return;  // half a minute has been seen elsewhere
  eventually(
      "it gets another try", [&] { return state_of(server, 0) == "serving"; }, std::chrono::seconds{45});
  EXPECT_EQ(worker_restarts(server), 5u);
}

// Each life is of use to somebody: then it is started again, however often it dies.
TEST(Supervision, Row18_WhoIsKilledWhileItServesIsNotParked) {
  ServerProcess server({"--workers", "3"});
  auto seated = one_client_on_each_worker(server, 3);
  for (int death = 0; death < 7; ++death) {
    const pid_t ledger = server.ledger_pid();
    std::vector<pid_t> killed{ledger};
    for (int worker = 0; worker < 3; ++worker) killed.push_back(server.worker_pid(worker));
    for (std::size_t i = 1; i < killed.size(); ++i) server.kill_child(killed[i]);
    EXPECT_EQ(seated[0].client->ask({{"op", "say"}, {"room", "#lobby"}, {"text", "still here"}})["ok"], true);
    server.kill_child(ledger);
    server.wait_until_all_serve(killed);
    expect_all_chat(seated);
    // Who was carried on may sit elsewhere now: each of the new workers is of use to somebody.
    auto newcomers = one_client_on_each_worker(server, 3);
    expect_all_chat(newcomers);
    EXPECT_EQ(seated[0].client->ask({{"op", "say"}, {"room", "#lobby"}, {"text", "and again"}})["ok"], true);
  }
  EXPECT_THAT(server.log(), Not(HasSubstr("died too often")));
}

// Nobody is served meanwhile, so it is tried again soon although no life was of use.
TEST(Supervision, Row18_TheLastWorkerIsNotGivenUp) {
  ServerProcess server({"--workers", "1"});
  for (int death = 0; death < 7; ++death) {
    eventually("worker 0 serves", [&] { return state_of(server, 0) == "serving"; });
    server.kill_child(server.worker_pid(0));
    eventually("its death is seen", [&] {
      return state_of(server, 0) != "serving" || worker_restarts(server) > static_cast<std::uint64_t>(death);
    });
  }
  server.wait_until_all_serve();
  EXPECT_THAT(server.log(), Not(HasSubstr("parked for 30 s")));
  TextClient client(server.port());
  EXPECT_EQ(client.ask("hello"), "Echo: hello");
}

// Somebody who has found a line that crashes workers, and sends it again each time the dead one has been replaced.
constexpr SocketSetup kOffender{.receive_buffer_bytes = 0, .source = "127.0.0.2"};

// What he was told when he was refused. Until then his connection is closed with a hint, or with the word that his
// address is shut out, each time after the deaths of two workers.
std::string persist(const ServerProcess& server, const std::string& line) {
  std::string refusal;
  eventually("the offender is refused", [&] {
    TextClient client(server.port(), kOffender);
    client.send_line(line);
    client.read_to_end();
    refusal = client.lines().empty() ? "" : client.lines().back();
    EXPECT_THAT(refusal, testing::AnyOf(testing::StartsWith("ERR "), testing::StartsWith("[!] ")));
    return refusal.starts_with("ERR ");
  });
  return refusal;
}

TEST(Supervision, Row19_WhoseLineCrashesWorkersIsShutOut) {
  FaultSwitch faults("worker.poison_line:" + std::string(kCrash) + ":1+");
  ServerProcess server(faults, {"--workers", "4"});
  server.expect_alerts();
  TextClient quiet(server.port(), kOffender);  // of the same address, and innocent
  quiet.ask("hello");
  const std::string refusal = persist(server, "poison pill");
  EXPECT_THAT(refusal, testing::AllOf(HasSubstr("ERR rate-limited"), HasSubstr("shut out for")));
  EXPECT_GE(faults.fired(), 2u);
  EXPECT_LE(faults.fired(), 3u) << "at most three workers die";
  quiet.read_to_end();
  EXPECT_THAT(server.console("workers"), HasSubstr("shut-out 127.0.0.2"));
  EXPECT_THAT(server.log(), HasSubstr("ALERT 127.0.0.2 is shut out"));

  server.wait_until_all_serve();
  const auto others = one_client_on_each_worker(server, 4);
  for (const Seated& each : others) EXPECT_EQ(each.client->ask("ping")["ok"], true);

  // Whoever comes later is told as well.
  const std::vector<pid_t> all = worker_pids(server);
  for (const pid_t pid : all) server.kill_child(pid);
  server.wait_until_all_serve(all);
  for (int i = 0; i < 8; ++i) EXPECT_THAT(TextClient(server.port(), kOffender).read_line(), HasSubstr("shut out"));
  TextClient somebody(server.port());
  EXPECT_EQ(somebody.ask("hello"), "Echo: hello");
  EXPECT_LE(faults.fired(), 3u);
}

// A hash or a count runs on the pool: there is a note of whose it is, too.
TEST(Supervision, Row19_AlsoWhoseHashCrashesThePool) {
  FaultSwitch faults("worker.in_login_hash:" + std::string(kCrash) + ":1+");
  ServerProcess server(faults, {"--workers", "3"});
  server.expect_alerts();
  const std::string refusal = persist(server, "/login nobody correct-horse");
  EXPECT_THAT(refusal, HasSubstr("shut out"));
  EXPECT_LE(faults.fired(), 3u);
}

TEST(Supervision, Row19_AKillFromOutsideIsHeldAgainstNobody) {
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "4"});
  server.expect_alerts();
  TextClient client(server.port(), kOffender);
  for (std::uint64_t death = 1; death <= 4; ++death) {
    faults.set("worker.poison_line:kill9");
    EXPECT_EQ(client.ask("poison pill"), "Echo: poison pill");
    EXPECT_EQ(faults.fired(), 1u);
    eventually("the death is dealt with", [&] { return worker_restarts(server) == death; });
  }
  EXPECT_EQ(server.console("workers").find("shut-out"), std::string::npos);
  EXPECT_EQ(client.ask("hello"), "Echo: hello");
}

// The same, in the middle of a line and by a signal that looks like a crash.
TEST(Supervision, Row19_ACrashSignalFromOutsideIsHeldAgainstNobody) {
  if (kSanitized) GTEST_SKIP() << "sanitizers have handlers of their own, which cannot tell where a signal came from";
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "1"});
  server.expect_alerts();
  TextClient client(server.port(), kOffender);
  for (std::uint64_t death = 1; death <= 3; ++death) {
    const pid_t victim = server.worker_pid(0);
    faults.set("worker.poison_line:stop");
    client.send_line("poison pill");
    eventually("it stands still in the middle of the line", [&] { return faults.fired() == 1; });
    ::kill(victim, SIGSEGV);
    ::kill(victim, SIGCONT);
    EXPECT_EQ(client.read_line(), "Echo: poison pill");
    eventually("the death is dealt with", [&] { return worker_restarts(server) == death; });
    server.wait_until_all_serve({victim});
  }
  EXPECT_EQ(server.console("workers").find("shut-out"), std::string::npos);
  EXPECT_EQ(client.ask("hello"), "Echo: hello");
}

TEST(Supervision, Row22_EightThatDieAtOnceAreAllReplaced) {
  ServerProcess server({"--workers", "8"});
  const std::vector<pid_t> victims = worker_pids(server);
  ASSERT_EQ(victims.size(), 8u);
  freeze(server.pid());  // it finds all of them at the same moment
  for (const pid_t pid : victims) server.kill_child(pid);
  eventually("all are dead", [&] { return std::ranges::none_of(victims, is_alive); });
  server.program().signal(SIGCONT);
  server.wait_until_all_serve(victims);
  EXPECT_EQ(worker_restarts(server), 8u);
  for (const Process& child : children_of(server.pid())) EXPECT_NE(child.state, 'Z') << child.pid;
}

TEST(Supervision, Row23_WhenForkFailsTheOthersServeAndItIsTriedAgain) {
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "2"});
  auto seated = one_client_on_each_worker(server, 2);
  const pid_t victim = server.worker_pid(0);
  const std::size_t descriptors = descriptor_count(server.pid());
  faults.set("master.fork:errno:EAGAIN:1+");
  server.kill_child(victim);
  eventually("it has been tried", [&] { return faults.fired() >= 3; });
  EXPECT_EQ(seated[1].client->ask({{"op", "say"}, {"room", "#lobby"}, {"text", "still"}})["ok"], true);
  EXPECT_EQ(seated[0].client->ask("ping")["ok"], true) << "it is served by the other worker meanwhile";
  EXPECT_THAT(server.log(), HasSubstr("warning: worker 0 could not be started: cannot fork"));
  faults.clear();
  server.wait_until_all_serve({victim});
  eventually("no descriptor is left over", [&] { return descriptor_count(server.pid()) <= descriptors; });
}

TEST(Supervision, Row45_AWorkerGoesBeforeTheLedgerWhenMemoryIsShort) {
  ServerProcess server({"--workers", "2"});
  const auto score = [](pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/oom_score_adj");
    int value = -1;
    file >> value;
    return value;
  };
  for (const int worker : {0, 1}) EXPECT_GT(score(server.worker_pid(worker)), score(server.ledger_pid()));
  EXPECT_EQ(score(server.ledger_pid()), score(server.pid()));
  auto seated = one_client_on_each_worker(server, 2);
  // What the OOM killer does is a SIGKILL for the largest.
  std::vector<pid_t> workers = worker_pids(server);
  const pid_t largest = *std::ranges::max_element(workers, {}, memory_bytes);
  const pid_t ledger = server.ledger_pid();
  server.kill_child(largest);
  for (Seated& each : seated) EXPECT_EQ(each.client->ask("ping")["ok"], true) << "it costs nobody his connection";
  server.wait_until_all_serve({largest});
  EXPECT_EQ(server.ledger_pid(), ledger);
}

}  // namespace
}  // namespace rookery::system_test
