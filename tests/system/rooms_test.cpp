// Rooms: joining, leaving, who hears what, who is told of comings and goings.
#include <gmock/gmock.h>

#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;
using testing::Contains;
using testing::ElementsAre;

bool is_presence(const Json& event) {
  return event["event"] == "joined" || event["event"] == "left";
}

TEST(Rooms, EverybodyIsInTheLobbyAndMayLeaveIt) {
  const ServerProcess server;
  TextClient alice(server.port());
  TextClient bob(server.port());
  alice.sync();
  bob.sync();
  EXPECT_THAT(alice.ask_lines("/rooms"), ElementsAre("#lobby 2", "OK 1 rooms"));
  EXPECT_EQ(bob.ask("/leave #lobby"), "OK left #lobby, 1 members");
  EXPECT_TRUE(alice.ask("/say #lobby hello?").starts_with("OK "));
  bob.sync();
  EXPECT_TRUE(bob.events().empty());
  EXPECT_EQ(bob.ask("/join #lobby"), "OK joined #lobby, 2 members");
  EXPECT_TRUE(alice.ask("/say #lobby welcome back").starts_with("OK "));
  bob.expect_event([](const std::string& line) { return line.ends_with("): welcome back"); });
}

TEST(Rooms, OnlyMembersHearARoom) {
  const ServerProcess server({"--workers", "3"});
  std::vector<std::unique_ptr<TextClient>> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(std::make_unique<TextClient>(server.port()));
    EXPECT_EQ(clients.back()->ask("/join #den"), "OK joined #den, " + std::to_string(i + 1) + " members");
  }
  EXPECT_EQ(clients[5]->ask("/leave #den"), "OK left #den, 5 members");
  EXPECT_TRUE(clients[0]->ask("/say #den members only").starts_with("OK "));
  for (auto& client : clients) client->sync();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(clients[static_cast<std::size_t>(i)]->events().size(), 1u) << i;
  EXPECT_TRUE(clients[5]->events().empty());
}

TEST(Rooms, JoiningTwiceChangesNothing) {
  const ServerProcess server({"--workers", "1"});
  TextClient alice(server.port());
  EXPECT_EQ(alice.ask("/join #den"), "OK joined #den, 1 members");
  EXPECT_EQ(alice.ask("/join #den"), "OK joined #den, 1 members");
  EXPECT_TRUE(alice.ask("/say #den once").starts_with("OK "));
  alice.sync();
  EXPECT_EQ(alice.events().size(), 1u);
}

TEST(Rooms, AreThereWhileSomebodyIsIn) {
  const ServerProcess server({"--workers", "2"});
  TextClient alice(server.port());
  JsonClient bob(server.port());
  static_cast<void>(bob.ask({{"op", "join"}, {"room", "#attic"}}));
  static_cast<void>(alice.ask("/join #attic"));
  EXPECT_THAT(alice.ask_lines("/rooms"), Contains("#attic 2"));
  const Json rooms = bob.ask("rooms")["rooms"];
  EXPECT_THAT(rooms, Contains(Json({{"room", "#attic"}, {"members", 2}})));
  EXPECT_EQ(bob.ask({{"op", "leave"}, {"room", "#attic"}})["members"], 1);
  alice.close();
  eventually("the room is gone with its last member", [&] { return bob.ask("rooms")["rooms"].size() == 1; });
}

TEST(Rooms, PresenceTellsThoseWhoAsked) {
  const ServerProcess server({"--workers", "2"});
  JsonClient watcher(server.port());
  TextClient text_watcher(server.port());
  JsonClient deaf(server.port());
  static_cast<void>(watcher.ask({{"op", "join"}, {"room", "#den"}}));
  static_cast<void>(deaf.ask({{"op", "join"}, {"room", "#den"}}));
  EXPECT_EQ(watcher.ask({{"op", "presence"}, {"on", true}})["on"], true);
  EXPECT_EQ(text_watcher.ask("/presence on"), "OK presence on");
  static_cast<void>(text_watcher.ask("/join #den"));  // after turning it on

  auto visitor = std::make_unique<JsonClient>(server.port());
  const std::uint64_t id = id_of(*visitor);
  const std::string name = "guest" + std::to_string(id);
  static_cast<void>(visitor->ask({{"op", "join"}, {"room", "#den"}}));
  const auto by_visitor = [&](const Json& e) { return is_presence(e) && e["from"]["client"] == id; };
  const Json joined = watcher.expect_event(by_visitor);
  EXPECT_EQ(joined["event"], "joined");
  EXPECT_EQ(joined["room"], "#den");
  EXPECT_EQ(joined["from"]["name"], name);
  text_watcher.expect_event("[#den] + " + name + "(" + std::to_string(id) + ") joined");

  static_cast<void>(visitor->ask({{"op", "leave"}, {"room", "#den"}}));
  EXPECT_EQ(watcher.expect_event(by_visitor)["event"], "left");
  static_cast<void>(visitor->ask({{"op", "join"}, {"room", "#den"}}));
  EXPECT_EQ(watcher.expect_event(by_visitor)["event"], "joined");
  visitor.reset();  // gone without a word
  EXPECT_EQ(watcher.expect_event(by_visitor)["event"], "left");
  text_watcher.expect_event("[#den] - " + name + "(" + std::to_string(id) + ") left");

  EXPECT_EQ(watcher.ask({{"op", "presence"}, {"on", false}})["on"], false);
  TextClient late(server.port());
  static_cast<void>(late.ask("/join #den"));
  late.sync();
  watcher.sync();
  deaf.sync();
  for (const Json& event : watcher.events("joined"))
    EXPECT_NE(event["from"]["name"], "guest" + std::to_string(late.id()));
  EXPECT_TRUE(deaf.events("joined").empty());
  EXPECT_TRUE(deaf.events("left").empty());
}

TEST(Rooms, PresenceIsNeverToldOfTheLobby) {
  const ServerProcess server({"--workers", "2"});
  JsonClient watcher(server.port());
  static_cast<void>(watcher.ask({{"op", "presence"}, {"on", true}}));
  JsonClient other(server.port());
  static_cast<void>(other.ask({{"op", "leave"}, {"room", "#lobby"}}));
  static_cast<void>(other.ask({{"op", "join"}, {"room", "#lobby"}}));
  other.sync();
  watcher.sync();
  EXPECT_TRUE(watcher.events("joined").empty());
  EXPECT_TRUE(watcher.events("left").empty());
}

}  // namespace
}  // namespace rookery::system_test
