// kill -9 of workers: their clients are carried on and notice a pause at most, nobody else notices anything, and
// nothing acknowledged is lost. To the byte: tests/fault/takeover.
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>

#include "tests/system/harness/load.h"
#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;

bool has_zombie_child(pid_t parent) {
  return std::ranges::any_of(children_of(parent), [](const Process& child) { return child.state == 'Z'; });
}

bool nobody_was_cut_off(const Load& load) {
  return std::ranges::none_of(load.posters(), [](const auto& poster) { return poster->was_closed(); });
}

TEST(WorkerCrash, ItsClientsAreCarriedOnAndOthersNoticeNothing) {
  ServerProcess server({"--workers", "2"});
  make_account(server, "alice");
  auto seated = one_client_on_each_worker(server, 2);
  JsonClient& carried = *seated[0].client;
  JsonClient& other = *seated[1].client;
  ASSERT_EQ(carried.ask({{"op", "login"}, {"name", "alice"}, {"password", kPassword}})["ok"], true);
  for (Seated& each : seated) static_cast<void>(each.client->ask({{"op", "presence"}, {"on", true}}));
  for (Seated& each : seated) static_cast<void>(each.client->ask({{"op", "join"}, {"room", "#den"}}));
  other.sync();

  std::vector<std::uint64_t> seqs;
  const auto speak = [&](int count) {
    for (int i = 0; i < count; ++i)
      seqs.push_back(
          other.ask({{"op", "say"}, {"room", "#den"}, {"text", "still here"}}).at("seq").get<std::uint64_t>());
  };
  speak(10);
  carried.send(R"({"op":"echo","id":1,"text":"half a li)");  // the rest comes when the worker is another one
  const pid_t victim = server.worker_pid(static_cast<int>(seated[0].worker));
  server.kill_child(victim);
  speak(200);
  carried.send("ne\"}\n");
  EXPECT_EQ(
      Json::parse(carried.read_until("an echo", [](const std::string& line) { return line.starts_with("{\"re\""); })),
      Json({{"re", "echo"}, {"id", 1}, {"ok", true}, {"text", "half a line"}}));

  EXPECT_EQ(carried.ask({{"op", "login"}, {"name", "alice"}, {"password", kPassword}})["error"], "already-logged-in");
  EXPECT_EQ(carried.ask({{"op", "say"}, {"room", "#den"}, {"text", "me too"}})["ok"], true);
  const Json me_too =
      other.expect_event([](const Json& event) { return event.contains("text") && event["text"] == "me too"; });
  EXPECT_EQ(me_too["from"], Json({{"client", seated[0].id}, {"name", "alice"}}));
  EXPECT_THAT(other.ask("rooms")["rooms"], testing::Contains(Json({{"room", "#den"}, {"members", 2}})));
  server.wait_until_all_serve({victim});
  EXPECT_TRUE(workers_of_clients(server.port()).contains(seated[0].id));
  EXPECT_FALSE(has_zombie_child(server.pid()));

  for (Seated& each : seated) {
    each.client->sync();
    std::vector<std::uint64_t> heard;
    for (const Json& event : each.client->events("message"))
      if (event["text"] == "still here") heard.push_back(event["seq"].get<std::uint64_t>());
    EXPECT_EQ(heard, seqs) << "a gap or a repetition";
    EXPECT_TRUE(each.client->events("left").empty()) << "nobody has left";
    EXPECT_TRUE(each.client->events("notice").empty());
  }
}

TEST(WorkerCrash, UnderLoadNothingIsLostAndNobodyIsCutOff) {
  ServerProcess server({"--workers", "3"});
  Load load(server.port(), 12);
  load.wait_for_progress(20);
  for (int round = 0; round < 3; ++round) {
    const pid_t victim = server.worker_pid(round);
    server.kill_child(victim);
    load.wait_for_progress(20);
    server.wait_until_all_serve({victim});
  }
  load.finish();
  EXPECT_TRUE(nobody_was_cut_off(load));
  check_promises(load, whole_history(server.port(), "#lobby"));
}

TEST(WorkerCrash, AllAtOnce) {
  ServerProcess server({"--workers", "3"});
  make_account(server, "alice");
  Load load(server.port(), 6, "#den");
  load.wait_for_progress(20);
  std::vector<pid_t> victims;
  for (int worker = 0; worker < 3; ++worker) victims.push_back(server.worker_pid(worker));
  for (const pid_t victim : victims) server.kill_child(victim);
  load.wait_for_progress(20);
  server.wait_until_all_serve(victims);
  TextClient alice(server.port());
  alice.log_in("alice", kPassword);
  EXPECT_EQ(alice.ask("/join #den"), "OK joined #den, 7 members");
  load.finish();
  EXPECT_TRUE(nobody_was_cut_off(load));
  check_promises(load, whole_history(server.port(), "#den"));
  EXPECT_FALSE(has_zombie_child(server.pid()));
}

// Who goes at the moment at which its worker is dead has left, as everybody who goes.
TEST(WorkerCrash, WhoGoesMeanwhileHasLeft) {
  ServerProcess server({"--workers", "2"});
  auto seated = one_client_on_each_worker(server, 2);
  JsonClient& other = *seated[1].client;
  static_cast<void>(other.ask({{"op", "presence"}, {"on", true}}));
  for (Seated& each : seated) static_cast<void>(each.client->ask({{"op", "join"}, {"room", "#den"}}));
  const pid_t victim = server.worker_pid(static_cast<int>(seated[0].worker));
  server.signal_child(victim, SIGSTOP);
  freeze(victim);
  seated[0].client->reset();
  server.kill_child(victim);
  const Json left = other.expect_event([](const Json& event) { return event["event"] == "left"; });
  EXPECT_EQ(left["from"]["client"], seated[0].id);
  EXPECT_EQ(left["room"], "#den");
  EXPECT_THAT(other.ask("rooms")["rooms"], testing::Contains(Json({{"room", "#den"}, {"members", 1}})));
  eventually("it is not listed any more", [&] { return !workers_of_clients(server.port()).contains(seated[0].id); });
}

TEST(WorkerCrash, DescriptorsOfTheMasterStayTheSame) {
  ServerProcess server({"--workers", "2"});
  const std::size_t before = descriptor_count(server.pid());
  for (int round = 0; round < 3; ++round) {
    const pid_t victim = server.worker_pid(round % 2);
    server.kill_child(victim);
    server.wait_until_all_serve({victim});
  }
  eventually("the master has as many descriptors as before", [&] { return descriptor_count(server.pid()) == before; });
}

}  // namespace
}  // namespace rookery::system_test
