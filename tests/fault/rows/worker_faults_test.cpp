// Workers that die at awkward moments, run wild, or are many that die at once. RowNN is the number of the fault, over
// all programs of this directory.
#include <gmock/gmock.h>
#include <signal.h>

#include <random>

#include "tests/fault/rows/wild_worker.h"
#include "tests/system/harness/load.h"
#include "tests/system/harness/name_race.h"
#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;

bool has_zombie_child(pid_t parent) {
  return std::ranges::any_of(children_of(parent), [](const Process& child) { return child.state == 'Z'; });
}

// What others hear of it is in WorkerCrash (tests/system); here: how soon there is a new one.
TEST(WorkerFaults, Row01_ANewOneServesAtOnce) {
  const std::chrono::milliseconds kReplacedWithin{500 * kSlowness};
  ServerProcess server({"--workers", "3"});
  auto fastest = std::chrono::milliseconds::max();  // of several, so that a busy machine is not taken for a slow server
  for (int worker = 0; worker < 3; ++worker) {
    const pid_t victim = server.worker_pid(worker);
    const auto killed = Clock::now();
    server.kill_child(victim);
    server.wait_until_all_serve({victim});
    fastest = std::min(fastest, std::chrono::ceil<std::chrono::milliseconds>(Clock::now() - killed));
  }
  EXPECT_LE(fastest, kReplacedWithin);
  EXPECT_FALSE(has_zombie_child(server.pid()));
}

bool nobody_was_cut_off(const Load& load) {
  return std::ranges::all_of(load.posters(),
                             [](const auto& poster) { return poster->cut_off() == 0 && !poster->was_closed(); });
}

// Comes, logs in and goes: without it nobody would pass the points at which a connection begins.
void visit(const ServerProcess& server) {
  try {
    TextClient visitor(server.port());
    static_cast<void>(visitor.ask("/login poster0 " + std::string(kPassword)));
    static_cast<void>(visitor.ask("/quit"));
  } catch (const Closed&) {  // its worker died before anybody else knew of it
  }
}

TEST(WorkerFaults, Row02_KilledAtEveryPoint) {
  struct At {
    const char* point;
    unsigned most;  // the kill comes at the first to so many-th passing
  };
  constexpr std::array kPoints{At{"worker.after_accept", 4},          At{"worker.after_recv", 200},
                               At{"worker.after_parse", 200},         At{"worker.before_outbox_commit", 200},
                               At{"worker.after_outbox_commit", 200}, At{"worker.in_send", 200},
                               At{"worker.after_send", 200},          At{"worker.in_login_hash", 6}};
  const int kKills = kSanitized ? 2 : 6;  // at each: too few to park all three workers
  std::mt19937 random(2);
  for (const At& at : kPoints) {
    SCOPED_TRACE(at.point);
    FaultSwitch faults;
    ServerProcess server(faults, {"--workers", "3"});
    server.expect_alerts();
    LoadSetup setup;
    setup.rooms = {"#lobby", "#den", "#attic"};
    setup.reconnect = true;
    setup.with_account = 4;
    setup.broadcast_every = 9;
    Load load(server.port(), setup);
    load.wait_for_progress(5);
    for (int kill = 0; kill < kKills; ++kill) {
      const unsigned nth = std::uniform_int_distribution(1u, at.most)(random);
      faults.set(std::string(at.point) + ":kill9:" + std::to_string(nth));
      eventually("a worker dies there", [&] {
        if (at.most < 10) visit(server);
        return faults.fired() > 0;
      });
    }
    load.wait_for_progress(5, std::chrono::seconds{60} + kPatience);
    load.finish();
    EXPECT_TRUE(nobody_was_cut_off(load));
    check_promises(load, whole_history(server.port(), setup.rooms));
    EXPECT_FALSE(has_zombie_child(server.pid()));
  }
}

std::uint64_t restarts(const ServerProcess& server, int worker) {
  for (const ProcessRow& row : server.processes())
    if (row.number == worker) return row.restarts;
  return 0;
}

// The worker stands still while the test writes into its region in its place, then the next turn of the ledger finds
// it.
TEST(WorkerFaults, Row04_ScribblesOverItsOutbox) {
  for (const Scribble scribble : kScribbles) {
    SCOPED_TRACE(name_of(scribble));
    ServerProcess server({"--workers", "2"});
    const pid_t ledger = server.ledger_pid();
    const pid_t wild = server.worker_pid(0);
    const pid_t other = server.worker_pid(1);
    auto seated = one_client_on_each_worker(server, 2);
    JsonClient& bystander = *seated[1].client;
    Load load(server.port(), 6, "#den");
    load.wait_for_progress(5);
    server.signal_child(wild, SIGSTOP);  // and alerts are expected
    freeze(wild);
    scribble_over_outbox(wild, scribble, 4);
    for (int i = 0; i < 20; ++i)
      EXPECT_EQ(bystander.ask({{"op", "say"}, {"room", "#lobby"}, {"text", "still here"}})["ok"], true);
    eventually("the worker that ran wild is gone", [&] { return !is_alive(wild); });
    server.wait_until_all_serve({wild});
    EXPECT_THAT(server.log(), testing::HasSubstr("left damage in its outbox"));
    EXPECT_EQ(restarts(server, 0), 1u) << "its successor has nothing to answer for";
    EXPECT_EQ(server.ledger_pid(), ledger);
    EXPECT_EQ(server.worker_pid(1), other);
    EXPECT_EQ(one_client_on_each_worker(server, 2).size(), 2u);
    EXPECT_EQ(seated[0].client->ask("ping")["ok"], true) << "who had asked for nothing is carried on";
    load.finish();
    for (const auto& poster : load.posters())
      EXPECT_TRUE(poster->was_told() || !poster->was_closed()) << "whose requests were lost with the outbox is told";
    check_promises(load, whole_history(server.port(), "#den"));
    bystander.sync();
    for (const Json& event : bystander.events("message"))
      EXPECT_THAT(event["text"].get<std::string>(), testing::AnyOf("still here", testing::StartsWith("who-am-i-")));
  }
}

TEST(WorkerFaults, Row22_EightDieInTheSameMoment) {
  ServerProcess server({"--workers", "8"});
  Load load(server.port(), 8);
  load.wait_for_progress(5);
  std::vector<pid_t> victims;
  for (int worker = 0; worker < 8; ++worker) victims.push_back(server.worker_pid(worker));
  freeze(server.pid());  // it finds them all at once
  for (const pid_t victim : victims) server.kill_child(victim);
  eventually("all are dead", [&] { return std::ranges::none_of(victims, is_alive); });
  server.program().signal(SIGCONT);
  server.wait_until_all_serve(victims);
  EXPECT_FALSE(has_zombie_child(server.pid()));
  std::vector<std::unique_ptr<TextClient>> clients;
  for (int i = 0; i < 64; ++i) clients.push_back(std::make_unique<TextClient>(server.port()));
  for (auto& client : clients) EXPECT_TRUE(client->ask("/say #lobby here").starts_with("OK "));
  load.finish();
  EXPECT_TRUE(nobody_was_cut_off(load));
  check_promises(load, whole_history(server.port(), "#lobby"));
}

std::uint64_t outbox_words(const ServerProcess& server) {
  std::uint64_t sum = 0;
  std::istringstream lines(server.console("workers"));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("worker")) continue;
    const std::size_t last = line.find_last_not_of(' ');
    const std::string field = line.substr(line.find_last_of(' ', last) + 1);
    if (field != "-") sum += std::stoull(field);
  }
  return sum;
}

// The first ten seconds of a process nobody judges its heartbeat: so the ledger may stand still for a while.
TEST(WorkerFaults, Row43_AFullOutboxHoldsClientsBack) {
  constexpr std::uint64_t kAlmostFull = 120 * 1024;  // words, of 128 Ki
  constexpr std::uint64_t kMostGrowth = 48ULL << 20;
  constexpr std::size_t kSpeakers = 8;
  constexpr int kEach = 250;  // 2 MB from each, so more than the outbox takes
  ServerProcess server({"--workers", "1"});
  JsonClient idle(server.port());
  idle.sync();
  const std::uint64_t memory_before = memory_bytes(server.worker_pid(0));
  const pid_t ledger = server.ledger_pid();
  freeze(ledger);

  const std::string text(8000, 'x');
  in_threads(kSpeakers + 1, [&](std::size_t i) {
    if (i == kSpeakers) {
      eventually("the outbox is full", [&] { return outbox_words(server) > kAlmostFull; });
      EXPECT_EQ(idle.ask({{"op", "echo"}, {"text", "still served"}})["ok"], true) << "the loop waits for the ledger";
      EXPECT_LE(memory_bytes(server.worker_pid(0)),
                memory_before + kMostGrowth * static_cast<std::uint64_t>(kSlowness));
      ::kill(ledger, SIGCONT);
      return;
    }
    JsonClient speaker(server.port());
    for (int n = 0; n < kEach; ++n) speaker.send_json({{"op", "msg"}, {"id", n}, {"to", "guest1"}, {"text", text}});
    for (int n = 0; n < kEach;) {
      const Json line = Json::parse(speaker.read_line());
      speaker.forget_lines();
      if (!line.contains("re")) continue;
      EXPECT_EQ(line["id"], n) << "answers out of order";
      EXPECT_EQ(line["ok"], true) << line;
      ++n;
    }
  });
  EXPECT_EQ(server.ledger_pid(), ledger);
}

std::uint64_t clients_of(const ServerProcess& server, int worker) {
  for (const ProcessRow& row : server.processes())
    if (row.role == "worker" && row.number == worker) return row.clients;
  return 0;
}

// The worker that stands still holds no connection up, and takes none with it when it dies: not its own either.
TEST(WorkerFaults, Row48_AConnectStormWithAStoppedWorker) {
  const std::size_t kConnections = kSanitized ? 300 : 1000;
  ServerProcess server({"--workers", "3"});
  const pid_t victim = server.worker_pid(1);
  std::vector<std::unique_ptr<TextClient>> clients;
  const auto is_served_by_victim = [&] { return clients_of(server, 1) > 0; };
  while (!is_served_by_victim()) {
    clients.push_back(std::make_unique<TextClient>(server.port()));
    clients.back()->sync();
    clients.back()->send_line("hello");
  }
  freeze(victim);
  for (std::size_t i = clients.size(); i < kConnections; ++i) {
    clients.push_back(std::make_unique<TextClient>(server.port()));
    clients.back()->send_line("hello");
    if (i == kConnections / 2) server.kill_child(victim);
  }
  std::size_t reset = 0;
  for (auto& client : clients) {
    try {
      EXPECT_EQ(client->read_line(), "Echo: hello");
    } catch (const Closed&) {
      ++reset;
    }
  }
  EXPECT_EQ(reset, 0u);
  server.wait_until_all_serve({victim});
  EXPECT_EQ(server.client_count(), kConnections);
}

TEST(WorkerFaults, Row49_ConnectionsAreSharedOutEvenly) {
  constexpr std::uint64_t kConnections = 400;
  constexpr std::uint64_t kShare = 100;
  constexpr std::uint64_t kSlack = 25;
  const ServerProcess server({"--workers", "4"});
  std::vector<std::unique_ptr<TextClient>> clients;
  for (std::uint64_t i = 0; i < kConnections; ++i) {
    clients.push_back(std::make_unique<TextClient>(server.port()));
    std::this_thread::sleep_for(std::chrono::milliseconds{2});  // the row's pace
  }
  for (auto& client : clients) client->sync();
  EXPECT_EQ(server.client_count(), kConnections);
  for (const ProcessRow& row : server.processes()) {
    if (row.role != "worker") continue;
    EXPECT_GE(row.clients, kShare - kSlack) << "worker " << row.number;
    EXPECT_LE(row.clients, kShare + kSlack) << "worker " << row.number;
  }
}

// The most clients that one of two workers has of 20 who come at once; of five times the middle one.
std::uint64_t most_of_a_burst(const ServerProcess& server) {
  std::vector<std::uint64_t> most;
  for (int burst = 0; burst < 5; ++burst) {
    std::vector<std::unique_ptr<TextClient>> clients;
    for (int i = 0; i < 20; ++i) clients.push_back(std::make_unique<TextClient>(server.port()));
    for (auto& client : clients) client->sync();
    most.push_back(0);
    for (const ProcessRow& row : server.processes())
      if (row.role == "worker") most.back() = std::max(most.back(), row.clients);
    clients.clear();
    eventually("they have left", [&] { return server.client_count() == 0; });
  }
  std::ranges::sort(most);
  return most[2];
}

// So few that one too many is much. A worker that gets no processor meanwhile comes too late, so it may take some
// tries.
TEST(WorkerFaults, Row49_AFewAtOnceAreSharedOutToo) {
  const ServerProcess server({"--workers", "2"});
  std::vector<std::uint64_t> tries;
  do tries.push_back(most_of_a_burst(server));
  while (tries.back() > 13 && tries.size() < 10);
  EXPECT_LE(tries.back(), 13U) << testing::PrintToString(tries);
}

TEST(WorkerFaults, Row58_FiftyWantTheSameName) {
  const std::size_t kContestants = kSanitized ? 20 : 50;
  const TemporaryDirectory data;
  std::vector<NameRace> races;
  {
    FaultSwitch faults;
    ServerProcess server(data, faults, {"--workers", "3"});
    server.expect_alerts();
    races.push_back(race_for(server.port(), "Calm", kContestants));
    EXPECT_EQ(races[0].count(RaceEnd::Won), 1u);
    EXPECT_EQ(races[0].count(RaceEnd::Refused), kContestants - 1);
    // While one computes, before its record is in the outbox, behind it, and with the ledger before and behind its
    // commit.
    for (const char* rule : {"worker.in_login_hash:kill9:5", "worker.before_outbox_commit:kill9:3",
                             "worker.after_outbox_commit:kill9:1", "worker.after_outbox_commit:kill9:2",
                             "ledger.before_commit:kill9", "ledger.after_commit:kill9", "ledger.after_publish:kill9"}) {
      SCOPED_TRACE(rule);
      // Each hash takes its time, so that all contestants are at it before one of them has the name.
      faults.set(std::string(rule) + ",worker.in_login_hash:sleep:300:1+");
      races.push_back(race_for(server.port(), "Wild-" + std::to_string(races.size()), kContestants / 3));
      EXPECT_EQ(faults.fired(0), 1u);
      EXPECT_EQ(races.back().count(RaceEnd::Won), 1u);
      EXPECT_EQ(races.back().count(RaceEnd::Unknown), 0u) << "everybody is answered";
      faults.clear();
      server.wait_until_all_serve({}, std::chrono::seconds{60} + kPatience);
    }
  }
  const ServerProcess again(data, {"--workers", "3"});
  for (const NameRace& race : races) EXPECT_THAT(judge(race, again.port(), 1), testing::IsEmpty());
}

auto says(const char* text) {
  return [text](const Json& event) { return event.contains("text") && event["text"] == text; };
}

// One account may be there over several connections: a direct message reaches each, and one of them more or less is
// nobody else's loss.
TEST(WorkerFaults, Row59_OneUserOnTwoWorkers) {
  ServerProcess server({"--workers", "2"});
  make_account(server, "alice");
  auto seated = one_client_on_each_worker(server, 2);
  for (Seated& seat : seated)
    EXPECT_EQ(seat.client->ask({{"op", "login"}, {"name", "alice"}, {"password", kPassword}})["ok"], true);
  JsonClient& survivor = *seated[1].client;
  EXPECT_EQ(survivor.ask({{"op", "join"}, {"room", "#den"}})["ok"], true);
  EXPECT_EQ(seated[0].client->ask({{"op", "join"}, {"room", "#den"}})["members"], 2);
  const auto is_hi = says("hi");
  EXPECT_EQ(survivor.ask({{"op", "msg"}, {"to", "alice"}, {"text", "hi"}})["ok"], true);
  for (Seated& seat : seated) EXPECT_EQ(seat.client->expect_event(is_hi)["to"], "alice");

  const pid_t victim = server.worker_pid(static_cast<int>(seated[0].worker));
  server.kill_child(victim);
  server.wait_until_all_serve({victim});
  const auto is_again = says("again");
  EXPECT_EQ(survivor.ask({{"op", "msg"}, {"to", "alice"}, {"text", "again"}})["ok"], true);
  for (Seated& seat : seated) EXPECT_EQ(seat.client->expect_event(is_again)["to"], "alice");
  const auto clients = survivor.ask("list")["clients"];
  EXPECT_EQ(std::ranges::count_if(clients, [](const Json& client) { return client["name"] == "alice"; }), 2);
  EXPECT_THAT(survivor.ask("rooms")["rooms"], testing::Contains(Json({{"room", "#den"}, {"members", 2}})));

  // The carried one goes: one less, and the other stays.
  seated[0].client->close();
  eventually("the room has lost the one that is gone", [&] {
    return survivor.ask("rooms")["rooms"].dump().find(R"("members":1,"room":"#den")") != std::string::npos;
  });
  const auto is_last = says("last");
  EXPECT_EQ(survivor.ask({{"op", "msg"}, {"to", "alice"}, {"text", "last"}})["ok"], true);
  static_cast<void>(survivor.expect_event(is_last));
}

// Each message brings descriptors that the master did not ask for. None of them stays open there.
TEST(WorkerFaults, Row70_SurplusDescriptorsEndTheWorkerThatSendsThem) {
  struct Message {
    chat::ControlKind kind;
    std::size_t descriptors;
    bool empty;
  };
  constexpr std::array kMessages{
      Message{chat::ControlKind::Hold, 2, false},   Message{chat::ControlKind::Hold, 3, false},
      Message{chat::ControlKind::Hold, 253, false}, Message{chat::ControlKind::Drop, 1, false},
      Message{chat::ControlKind::Ready, 2, false},  Message{chat::ControlKind::Hold, 1, true}};
  constexpr int kOfEach = 40;
  ServerProcess server({"--workers", "3"});
  server.expect_alerts();
  const std::size_t before = descriptor_count(server.pid());
  for (std::size_t i = 0; i < kMessages.size(); ++i) {
    SCOPED_TRACE(i);
    const pid_t wild = server.worker_pid(static_cast<int>(i % 3));
    os::FileDescriptor pipe = control_pipe_of(wild);
    for (int sent = 0;
         sent < kOfEach && send_to_master(pipe.get(), kMessages[i].kind, kMessages[i].descriptors, kMessages[i].empty);)
      ++sent;
    pipe.reset();
    server.wait_until_all_serve({wild});
    eventually("the master has as many descriptors as before",
               [&] { return descriptor_count(server.pid()) == before; });
    EXPECT_THAT(server.log(),
                testing::HasSubstr("pid=" + std::to_string(wild) + " sent the master a message it may not send"));
  }
}

// A buffer in shared memory is another client's a moment later.
TEST(WorkerFaults, NothingThatAClientSentIsLeftInTheRegion) {
  ServerProcess server({"--workers", "1", "--max-clients", "16"});
  const pid_t worker = server.worker_pid(0);
  const std::string line = "a line that is answered " + std::string(2000, '1');
  const std::string half = "a half line " + std::string(2000, '2');
  TextClient client(server.port());
  EXPECT_EQ(client.ask(line), "Echo: " + line);
  client.send(half);
  eventually("the half line lies in the region", [&] { return region_holds(worker, half); });
  EXPECT_FALSE(region_holds(worker, line));
  client.send(half + "\n");
  EXPECT_EQ(client.read_line(), "Echo: " + half + half);
  client.send(half);
  eventually("the half line lies in the region", [&] { return region_holds(worker, half); });
  client.close();
  eventually("it is gone with the client", [&] { return !region_holds(worker, "half line"); });
}

}  // namespace
}  // namespace rookery::system_test
