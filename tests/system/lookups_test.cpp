// Names are found, and absent ones refused, whoever died meanwhile: guests at any worker, rooms by any spelling.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;
using ::testing::StartsWith;

std::string guest(const Seated& who) {
  return "guest" + std::to_string(who.id);
}

// Each guest has a word from each of them.
void expect_all_are_reached(std::vector<Seated>& seated, const std::string& word) {
  for (Seated& from : seated)
    for (const Seated& to : seated)
      ASSERT_EQ(from.client->ask({{"op", "msg"}, {"to", guest(to)}, {"text", word + guest(from)}})["ok"], true)
          << guest(to) << " at worker " << to.worker;
  for (Seated& to : seated)
    for (const Seated& from : seated)
      to.client->expect_event([&](const Json& event) { return event.value("text", "") == word + guest(from); });
}

void expect_refused(JsonClient& client, const std::string& absent) {
  EXPECT_EQ(client.ask({{"op", "msg"}, {"to", absent}, {"text", "hello?"}})["error"], "no-such-name");
}

TEST(Lookups, GuestsAreFoundAtAnyWorkerAfterItDied) {
  ServerProcess server({"--workers", "2"});
  std::vector<Seated> seated = one_client_on_each_worker(server, 2);
  expect_all_are_reached(seated, "at first ");
  expect_refused(*seated[0].client, "guest987654321");
  for (int worker = 0; worker < 2; ++worker) {
    const pid_t dead = server.worker_pid(worker);
    server.kill_child(dead);
    expect_all_are_reached(seated, "while " + std::to_string(worker) + " is gone ");
    server.wait_until_all_serve({dead});
    expect_all_are_reached(seated, "after " + std::to_string(worker) + " ");
  }
  const std::string gone = guest(seated.back());
  seated.pop_back();
  eventually("it has gone", [&] { return server.client_count() == seated.size(); });
  expect_refused(*seated[0].client, gone);
}

TEST(Lookups, AGuestThatAnotherWorkerTookOverIsFound) {
  ServerProcess server({"--workers", "2"});
  std::vector<Seated> seated = one_client_on_each_worker(server, 2);
  ASSERT_THAT(server.console("scale 1"), ::testing::HasSubstr("OK"));
  eventually("one worker has all", [&] {
    const auto rows = server.processes();
    return std::count_if(rows.begin(), rows.end(),
                         [](const ProcessRow& row) { return row.role == "worker" && row.clients > 0; }) == 1;
  });
  expect_all_are_reached(seated, "moved ");
  expect_all_chat(seated);
}

TEST(Lookups, RoomsAreFoundByAnySpellingAfterTheLedgerDied) {
  ServerProcess server({"--workers", "2"});
  TextClient member(server.port());
  TextClient other(server.port());
  member.ask("/join #Den");
  const auto expect_answers = [&] {
    EXPECT_THAT(other.ask("/say #den hi"), StartsWith("ERR not-in-room"));
    EXPECT_THAT(other.ask("/leave #DEN"), StartsWith("ERR not-in-room"));
    EXPECT_THAT(other.ask("/say #de hi"), StartsWith("ERR no-such-room"));
    EXPECT_THAT(member.ask("/say #dEN hi"), StartsWith("OK "));
  };
  expect_answers();
  const pid_t dead = server.ledger_pid();
  server.kill_child(dead);
  server.wait_until_all_serve({dead});
  expect_answers();
  member.ask("/leave #den");
  EXPECT_THAT(other.ask("/say #den hi"), StartsWith("ERR no-such-room"));
}

// In any order of names and whatever came before: the index is not used up, and nobody's room is lost.
TEST(Lookups, RoomsThatComeAndGoLeaveTheOthersToBeFound) {
  ServerProcess server({"--workers", "1", "--max-line-rate", "0"});
  TextClient keeper(server.port());
  TextClient wanderer(server.port());
  TextClient other(server.port());
  for (int i = 0; i < 20; ++i) keeper.ask("/join #kept" + std::to_string(i));
  const int kRooms = 10'000 / kSlowness;
  constexpr int kClientsAtOnce = 50;
  bool killed = false;
  for (int i = 0; i < kRooms; i += kClientsAtOnce) {
    std::string lines;
    for (int j = i; j < i + kClientsAtOnce; ++j) lines += "/join #r" + std::to_string(j) + "\n";
    for (int j = i; j < i + kClientsAtOnce; ++j) lines += "/leave #r" + std::to_string(j) + "\n";
    wanderer.send(lines);
    wanderer.sync();
    wanderer.forget_lines();
    if (!killed && i >= kRooms / 2) {
      killed = true;
      const pid_t dead = server.ledger_pid();
      server.kill_child(dead);
      server.wait_until_all_serve({dead});
    }
  }
  EXPECT_TRUE(killed);
  for (int i = 0; i < 20; ++i)
    EXPECT_THAT(other.ask("/say #kept" + std::to_string(i) + " hi"), StartsWith("ERR not-in"));
  for (int i = 0; i < kRooms; i += 97)
    EXPECT_THAT(other.ask("/say #r" + std::to_string(i) + " hi"), StartsWith("ERR no-such-room"));
}

// Most places for clients and rooms are free again, but a list looks at each of them: a share in each turn.
TEST(Lookups, ListsAreWholeWhenMostPlacesAreFree) {
  const int kMany = std::max(3000 / kSlowness, 1100);  // more than `list` looks at in one turn
  ServerProcess server({"--workers", "1", "--max-line-rate", "0"});
  {
    std::vector<std::unique_ptr<TextClient>> many;
    for (int i = 0; i < kMany; ++i) many.push_back(std::make_unique<TextClient>(server.port()));
    many.back()->sync();
    for (std::size_t i = 0; i + 1 < many.size(); ++i) many[i]->close();
    eventually("all but the last have gone", [&] { return server.client_count() == 1; });
    const std::vector<std::string> listed = many.back()->ask_lines("/list");
    ASSERT_EQ(listed.size(), 2U);
    EXPECT_EQ(listed[1], "OK 1 clients");
  }
  std::vector<TextClient> members;
  for (int i = 0; i < 20; ++i) {
    members.emplace_back(server.port());
    for (int room = 0; room < 128; ++room)
      members.back().send_line("/join #m" + std::to_string(i) + "-" + std::to_string(room));
    members.back().sync();
  }
  for (int i = 0; i < 19; ++i) members[static_cast<std::size_t>(i)].close();
  eventually("the last one is alone", [&] { return server.client_count() == 1; });
  eventually("its rooms are the only ones", [&] { return members.back().ask_lines("/rooms").size() == 130; });
}

}  // namespace
}  // namespace rookery::system_test
