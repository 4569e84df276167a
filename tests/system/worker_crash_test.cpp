// kill -9 of workers: their clients are disconnected, nobody else notices, and nothing acknowledged is lost.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/system/harness/load.h"
#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;

void expect_closed(JsonClient& client) {
  EXPECT_THROW(
      {
        for (;;) static_cast<void>(client.read_line());
      },
      Closed);
}

bool has_zombie_child(pid_t parent) {
  return std::ranges::any_of(children_of(parent), [](const Process& child) { return child.state == 'Z'; });
}

TEST(WorkerCrash, OthersNoticeNothingAndANewOneServes) {
  ServerProcess server({"--workers", "2"});
  auto seated = one_client_on_each_worker(server, 2);
  JsonClient& doomed = *seated[0].client;
  JsonClient& survivor = *seated[1].client;
  for (Seated& each : seated) static_cast<void>(each.client->ask({{"op", "presence"}, {"on", true}}));
  for (Seated& each : seated) static_cast<void>(each.client->ask({{"op", "join"}, {"room", "#den"}}));
  survivor.sync();
  const std::size_t known = survivor.events("message").size();

  std::vector<std::uint64_t> seqs;
  const auto speak = [&](int count) {
    for (int i = 0; i < count; ++i)
      seqs.push_back(
          survivor.ask({{"op", "say"}, {"room", "#lobby"}, {"text", "still here"}}).at("seq").get<std::uint64_t>());
  };
  speak(10);
  const pid_t victim = server.worker_pid(static_cast<int>(seated[0].worker));
  server.kill_child(victim);
  speak(200);
  expect_closed(doomed);
  const Json left = survivor.expect_event([](const Json& e) { return e["event"] == "left"; });
  EXPECT_EQ(left["from"]["client"], seated[0].id);
  EXPECT_EQ(left["room"], "#den");
  EXPECT_THAT(survivor.ask("rooms")["rooms"], testing::Contains(Json({{"room", "#den"}, {"members", 1}})));

  server.wait_until_all_serve({victim});
  EXPECT_FALSE(has_zombie_child(server.pid()));
  EXPECT_FALSE(workers_of_clients(server.port()).contains(seated[0].id)) << "the dead client is still listed";
  const auto again = one_client_on_each_worker(server, 2);
  for (const Seated& each : again) EXPECT_EQ(each.client->ask("ping")["ok"], true);

  survivor.sync();
  std::vector<std::uint64_t> heard;
  for (const Json& event : survivor.events("message"))
    if (event["text"] == "still here") heard.push_back(event["seq"].get<std::uint64_t>());
  EXPECT_EQ(heard, seqs) << "a gap or a repetition, after " << known;
}

TEST(WorkerCrash, UnderLoadNothingAcknowledgedIsLost) {
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
  load.wait_until_closed();
  server.wait_until_all_serve(victims);
  check_promises(load, whole_history(server.port(), "#den"));

  TextClient alice(server.port());
  alice.log_in("alice", kPassword);
  eventually("the room has lost its members", [&] {
    const auto rooms = alice.ask_lines("/rooms");
    return rooms.size() == 2;
  });
  EXPECT_EQ(alice.ask("/join #den"), "OK joined #den, 1 members");
  EXPECT_EQ(server.client_count(), 1u);
  EXPECT_FALSE(has_zombie_child(server.pid()));
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
