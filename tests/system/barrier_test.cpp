// Ping is a barrier: after A's pong, B's next pong comes after B has seen what A did, whatever workers they are on.
#include <gmock/gmock.h>

#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;

const int kOvertakings = kSanitized ? 1000 : 10000;

// Reads up to the pong; true when an event that fits came before it.
bool sees_before_its_pong(JsonClient& client, const std::function<bool(const Json&)>& fits) {
  client.send_line(R"({"op":"ping"})");
  bool seen = false;
  for (;;) {
    const Json line = Json::parse(client.read_line());
    if (line.contains("event") && fits(line)) seen = true;
    if (line.value("re", "") == "ping") return seen;
  }
}

// A command and a ping in one write; returns with the pong.
void act(JsonClient& client, const Json& command) {
  client.send(command.dump() + "\n" + R"({"op":"ping"})" + "\n");
  bool answered = false;
  for (;;) {
    const Json line = Json::parse(client.read_line());
    if (line.value("re", "") == command["op"]) {
      answered = true;
      ASSERT_EQ(line["ok"], true) << line;
    }
    if (line.value("re", "") != "ping") continue;
    ASSERT_TRUE(answered) << "the pong overtook the reply to " << command;
    return;
  }
}

TEST(Barrier, NoPongOvertakesAnEffect) {
  const ServerProcess server({"--workers", "2"});
  auto seated = one_client_on_each_worker(server, 2);
  ASSERT_NE(seated[0].worker, seated[1].worker);
  for (Seated& each : seated) static_cast<void>(each.client->ask({{"op", "presence"}, {"on", true}}));
  // Each has a room in which it watches the other come, speak and go.
  for (std::size_t i = 0; i < 2; ++i)
    static_cast<void>(seated[i].client->ask({{"op", "join"}, {"room", "#home" + std::to_string(i)}}));

  int overtaken = 0;
  for (int round = 0; round < kOvertakings; ++round) {
    const std::size_t actor = static_cast<std::size_t>(round / 3) % 2;
    JsonClient& a = *seated[actor].client;
    JsonClient& b = *seated[1 - actor].client;
    const std::string room = "#home" + std::to_string(1 - actor);
    const std::string token = std::to_string(round);
    bool seen = false;
    switch (round % 3) {
      case 0:
        act(a, {{"op", "join"}, {"room", room}});
        seen = sees_before_its_pong(b, [&](const Json& e) { return e["event"] == "joined" && e["room"] == room; });
        break;
      case 1:
        act(a, {{"op", "say"}, {"room", room}, {"text", token}});
        seen = sees_before_its_pong(b, [&](const Json& e) { return e["event"] == "message" && e["text"] == token; });
        break;
      default:
        act(a, {{"op", "leave"}, {"room", room}});
        seen = sees_before_its_pong(b, [&](const Json& e) { return e["event"] == "left" && e["room"] == room; });
    }
    if (HasFatalFailure()) return;
    if (!seen && ++overtaken <= 3) ADD_FAILURE() << "round " << round << ": the pong came before the effect";
  }
  EXPECT_EQ(overtaken, 0) << "of " << kOvertakings;
}

TEST(Barrier, PongComesAfterOnesOwnEvents) {
  const ServerProcess server({"--workers", "2"});
  JsonClient client(server.port());
  for (int round = 0; round < kOvertakings / 10; ++round) {
    client.send(R"({"op":"say","room":"#lobby","text":"x"})"
                "\n"
                R"({"op":"ping"})"
                "\n");
    std::vector<std::string> kinds;
    while (kinds.empty() || kinds.back() != "ping") {
      const Json line = Json::parse(client.read_line());
      kinds.push_back(line.contains("re") ? line["re"].get<std::string>() : line["event"].get<std::string>());
    }
    ASSERT_THAT(kinds, testing::UnorderedElementsAre("say", "message", "ping"));
  }
}

}  // namespace
}  // namespace rookery::system_test
