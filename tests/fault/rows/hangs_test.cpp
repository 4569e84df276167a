// Processes that stand still, and clocks that jump. The numbers are those of the fault matrix.
#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <sstream>

#include "tests/system/harness/oracle.h"
#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

// Heartbeats are not judged in the first ten seconds of a process.
constexpr int kGraceSeconds = 10;
// Five seconds without a heartbeat, SIGABRT, two more, SIGKILL; looked at twice a second.
constexpr seconds kReplacedWithin{8};

void wait_for_age(const ServerProcess& server, int age_seconds) {
  eventually("all processes are old enough", [&] {
    std::istringstream lines(server.console("workers"));
    bool all = true;
    for (std::string line; std::getline(lines, line);) {
      std::istringstream fields(line);
      std::string role, number, pid, state;
      int age = 0;
      if (fields >> role >> number >> pid >> state >> age && (role == "worker" || role == "ledger"))
        all = all && age >= age_seconds;
    }
    return all;
  });
}

std::uint64_t all_restarts(const ServerProcess& server) {
  std::uint64_t sum = 0;
  for (const ProcessRow& row : server.processes()) sum += row.restarts;
  return sum;
}

// Somebody says something every 100 ms for so long.
void chat_for(JsonClient& client, milliseconds how_long) {
  const auto until = Clock::now() + how_long;
  do {
    EXPECT_EQ(client.ask({{"op", "say"}, {"room", "#lobby"}, {"text", "on and on"}})["ok"], true);
    ::poll(nullptr, 0, 100);
  } while (Clock::now() < until);
}

// Worker 0 stands still from `since` on. Nobody who comes meanwhile waits for it, then it is replaced, and its clients
// are carried on.
void expect_replaced(ServerProcess& server, pid_t victim, Clock::time_point since, JsonClient& its_client,
                     JsonClient& survivor) {
  for (int i = 0; i < 20; ++i) {
    TextClient client(server.port());
    EXPECT_EQ(client.ask("hello"), "Echo: hello");
  }
  chat_for(survivor, milliseconds{500});
  server.wait_until_all_serve({victim});
  const auto took = Clock::now() - since;
  if (!kSanitized) {
    EXPECT_LE(took, kReplacedWithin);
  }
  EXPECT_FALSE(is_alive(victim));
  EXPECT_EQ(all_restarts(server), 1u);
  EXPECT_EQ(its_client.ask("ping")["ok"], true);
  chat_for(survivor, milliseconds{0});
  EXPECT_THAT(server.log(), HasSubstr("worker 0 pid=" + std::to_string(victim) + " hangs"));
  if (!kSanitized) {
    EXPECT_THAT(server.log(), HasSubstr("worker 0 pid=" + std::to_string(victim) + " ALERT crashed: SIGABRT sent by"));
  }
}

TEST(Supervision, Row06_AStoppedWorker) {
  ServerProcess server({"--workers", "2"});
  server.expect_alerts();
  auto seated = one_client_on_each_worker(server, 2);
  wait_for_age(server, kGraceSeconds);
  const pid_t victim = server.worker_pid(0);
  const auto since = Clock::now();
  freeze(victim);
  expect_replaced(server, victim, since, *seated[0].client, *seated[1].client);
}

TEST(Supervision, Row07_AnEndlessLoopInAHandler) {
  FaultSwitch faults("worker.poison_line:spin");
  ServerProcess server(faults, {"--workers", "2"});
  server.expect_alerts();
  auto seated = one_client_on_each_worker(server, 2);
  wait_for_age(server, kGraceSeconds);
  const pid_t victim = server.worker_pid(0);
  const auto since = Clock::now();
  seated[0].client->send_json({{"op", "echo"}, {"text", "poison pill"}});
  eventually("it spins", [&] { return faults.fired() > 0; });
  expect_replaced(server, victim, since, *seated[0].client, *seated[1].client);
  EXPECT_THAT(seated[0].client->lines(), testing::Contains(HasSubstr(R"("text":"poison pill")")))
      << "its line was carried out by the successor";
  EXPECT_THAT(server.log(), HasSubstr("worker 0 ended while it was at a line from 127.0.0.1"));
}

// How long a machine is away: longer than any heartbeat may be late.
constexpr seconds kAway{10};
// What would be done in error is done at the first looks after it.
constexpr seconds kWatched{2};

TEST(Supervision, Row08_AStoppedMasterKillsNobodyWhenItWakes) {
  ServerProcess server({"--workers", "2"});
  auto seated = one_client_on_each_worker(server, 2);
  freeze(server.pid());
  chat_for(*seated[0].client, kAway);
  server.program().signal(SIGCONT);
  chat_for(*seated[1].client, kWatched);
  EXPECT_EQ(all_restarts(server), 0u);
  EXPECT_EQ(server.log().find("hangs"), std::string::npos);
}

TEST(Supervision, Row09_NorDoesOneThatWasSuspendedWithAll) {
  ServerProcess server({"--workers", "2"});
  auto seated = one_client_on_each_worker(server, 2);
  wait_for_age(server, kGraceSeconds);  // else nobody would be judged yet
  const auto all_stand_still = [&] {
    const auto group = processes_in_group(server.pid());
    return std::ranges::all_of(group, [](const Process& each) { return each.state == 'T'; });
  };
  ::kill(-server.pid(), SIGSTOP);
  eventually("all stand still", all_stand_still);
  ::poll(nullptr, 0, static_cast<int>(milliseconds{kAway}.count()));
  EXPECT_TRUE(all_stand_still());
  // The master first: to it all others look as if they hung.
  server.program().signal(SIGCONT);
  eventually("the master is awake", [&] { return !server.console("count").empty(); });
  ::poll(nullptr, 0, 1000);  // two looks at the others' heartbeats
  ::kill(-server.pid(), SIGCONT);
  for (Seated& each : seated) chat_for(*each.client, kWatched);
  EXPECT_EQ(all_restarts(server), 0u);
  EXPECT_EQ(server.log().find("hangs"), std::string::npos);
}

// A time server that is wrong for a moment: no message is removed for its age, none gets a date of years ahead, also
// when the ledger dies meanwhile, and after a restart.
TEST(Supervision, Row60_AClockThatJumpsRemovesNothingAndDatesNothing) {
  using std::chrono::system_clock;
  const TemporaryDirectory data;
  FaultSwitch faults;
  std::vector<std::string> said;
  const auto speak = [&](const ServerProcess& server) {
    JsonClient client(server.port());
    said.push_back("message " + std::to_string(said.size()));
    ASSERT_EQ(client.ask({{"op", "say"}, {"room", "#lobby"}, {"text", said.back()}})["ok"], true);
  };
  const auto date = [](system_clock::time_point when) {
    const std::time_t moment = system_clock::to_time_t(when);
    std::tm parts{};
    ::gmtime_r(&moment, &parts);
    std::array<char, 32> text{};
    return std::string(text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts));
  };
  const std::string before = date(system_clock::now() - std::chrono::seconds{5});
  const auto run = [&](bool jumps) {
    ServerProcess server(data, faults, {"--workers", "1", "--history-age", "30d"});
    server.expect_alerts();
    speak(server);
    if (!jumps) return;
    faults.set("clock.realtime:ahead:315360000:1+");  // ten years
    speak(server);
    eventually("the jump is told", [&] { return server.log().find("the clock has jumped") != std::string::npos; });
    const pid_t ledger = server.ledger_pid();
    server.kill_child(ledger);
    server.wait_until_all_serve({ledger});
    speak(server);  // a new ledger looks for what is old with its first group
    faults.clear();
    speak(server);
  };
  run(true);
  run(false);

  ServerProcess server(data, {"--workers", "1"});
  std::vector<std::string> kept;
  for (const HistoryItem& message : whole_history(server.port(), "#lobby")) kept.push_back(message.text);
  EXPECT_EQ(kept, said);
  const std::string after = date(system_clock::now() + std::chrono::minutes{10});
  JsonClient client(server.port());
  for (const auto& message : client.ask({{"op", "history"}, {"room", "#lobby"}, {"limit", 64}}).at("messages")) {
    EXPECT_GE(message["time"].get<std::string>(), before);
    EXPECT_LE(message["time"].get<std::string>(), after);
  }
}

TEST(Supervision, Row60_AClockThatJumpsKillsNobodyAndTurnsNoTimeBack) {
  FaultSwitch faults;
  ServerProcess server(faults, {"--workers", "2"});
  server.expect_alerts();  // each jump
  auto seated = one_client_on_each_worker(server, 2);
  std::vector<std::uint64_t> seqs;
  const auto speak = [&](std::size_t who) {
    const auto answer = seated[who].client->ask({{"op", "say"}, {"room", "#lobby"}, {"text", "what time is it?"}});
    ASSERT_EQ(answer["ok"], true);
    seqs.push_back(answer["seq"].get<std::uint64_t>());
  };
  for (const char* clock : {"", "clock.realtime:ahead:3600:1+", "", "clock.realtime:back:3600:1+", ""}) {
    if (*clock == '\0')
      faults.clear();
    else
      faults.set(clock);
    for (std::size_t who : {0u, 1u}) speak(who);
    EXPECT_EQ(faults.fired() > 0, *clock != '\0') << "nobody has looked at the clock";
  }
  EXPECT_EQ(all_restarts(server), 0u);

  // A new life is told from the old one even when the clock says that it came before.
  faults.set("clock.realtime:back:7200:1+");
  const pid_t victim = server.worker_pid(0);
  server.kill_child(victim);
  server.wait_until_all_serve({victim});
  seated = one_client_on_each_worker(server, 2);
  for (std::size_t who : {0u, 1u}) speak(who);
  EXPECT_EQ(all_restarts(server), 1u);

  const auto history = seated[1].client->ask({{"op", "history"}, {"room", "#lobby"}, {"limit", 64}}).at("messages");
  std::vector<std::uint64_t> asked;
  std::string last_time;
  std::uint64_t last_seq = 0;
  for (const auto& message : history) {
    EXPECT_GT(message["seq"].get<std::uint64_t>(), last_seq);
    EXPECT_GE(message["time"].get<std::string>(), last_time) << "a time that comes before an earlier one";
    last_seq = message["seq"].get<std::uint64_t>();
    last_time = message["time"].get<std::string>();
    if (message["text"] == "what time is it?") asked.push_back(last_seq);
  }
  EXPECT_EQ(asked, seqs);
}

}  // namespace
}  // namespace rookery::system_test
