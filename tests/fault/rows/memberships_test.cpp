// Who is in a room stays right when the ledger and a worker die while clients join and leave, and those clients go too.
// The numbers are those of the fault matrix.
#include <gmock/gmock.h>
#include <signal.h>

#include <random>
#include <thread>

#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;

enum class Deed { Leaves, JoinsAnother, Goes };

std::map<std::string, std::uint64_t> members_of_rooms(std::uint16_t port) {
  JsonClient client(port);
  std::map<std::string, std::uint64_t> result;
  const Json answer = client.ask("rooms");
  for (const Json& room : answer["rooms"]) result[room["room"]] = room["members"].get<std::uint64_t>();
  result.erase("#lobby");
  return result;
}

class Memberships : public testing::TestWithParam<Deed> {};

// The ledger is dead when the client sends its request, so the request may still lie in the outbox of the worker that
// dies next; by then no client is left to receive the answer. The kills come at random instants, and no order of them
// may matter.
TEST_P(Memberships, Row74_AreRightAfterTheLedgerTheWorkerAndTheClientHaveGone) {
  ServerProcess server({"--workers", "2"});
  std::mt19937_64 random(7);
  const auto some_time = [&random](int at_most_us) {
    std::this_thread::sleep_for(std::chrono::microseconds{random() % static_cast<std::uint64_t>(at_most_us)});
  };
  const int kRounds = kSanitized ? 2 : 6;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(round);
    auto seated = one_client_on_each_worker(server, 2);
    const std::uint32_t place = seated.front().worker;
    JsonClient& stays = *seated.back().client;
    const std::string room = "#den" + std::to_string(round);
    for (Seated& each : seated) ASSERT_EQ(each.client->ask({{"op", "join"}, {"room", room}})["ok"], true);
    std::vector<JsonClient*> goers;
    for (Seated& each : seated)
      if (each.worker == place) goers.push_back(each.client.get());
    const std::uint64_t left = seated.size() - goers.size();

    const pid_t ledger = server.ledger_pid();
    const pid_t worker = server.worker_pid(static_cast<int>(place));
    server.kill_child(ledger);
    for (JsonClient* goer : goers) {
      if (GetParam() == Deed::Leaves) goer->send_json({{"op", "leave"}, {"room", room}});
      if (GetParam() == Deed::JoinsAnother) goer->send_json({{"op", "join"}, {"room", "#other"}});
      if (GetParam() == Deed::Goes) goer->reset();
    }
    some_time(6000 * kSlowness);
    server.kill_child(worker);
    if (GetParam() != Deed::Goes) {
      some_time(6000 * kSlowness);
      for (JsonClient* goer : goers) goer->reset();
    }
    server.wait_until_all_serve({ledger, worker});
    const std::map<std::string, std::uint64_t> right{{room, left}};
    eventually("those who stayed are in the room, nobody is in another",
               [&] { return members_of_rooms(server.port()) == right; });
    // And it is this room in which they are heard.
    JsonClient other(server.port());
    EXPECT_EQ(other.ask({{"op", "join"}, {"room", "#elsewhere"}})["members"], 1);
    EXPECT_EQ(stays.ask({{"op", "say"}, {"room", room}, {"text", "anybody?"}})["ok"], true);
    stays.expect_event(
        [&](const Json& event) { return event.value("text", "") == "anybody?" && event["room"] == room; });
    other.sync();
    EXPECT_THAT(other.events("message"),
                testing::Each(testing::ResultOf([](const Json& event) { return event["text"] != "anybody?"; }, true)));
    for (Seated& each : seated) each.client.reset();
    eventually("all rooms are over", [&] { return members_of_rooms(server.port()).size() <= 1; });
  }
}

std::string name_of_deed(const testing::TestParamInfo<Deed>& deed) {
  if (deed.param == Deed::Goes) return "Go";
  return deed.param == Deed::Leaves ? "Leave" : "JoinAnother";
}

INSTANTIATE_TEST_SUITE_P(Clients, Memberships, testing::Values(Deed::Leaves, Deed::JoinsAnother, Deed::Goes),
                         name_of_deed);

}  // namespace
}  // namespace rookery::system_test
