// History: the last N, before and after a number, broadcasts among them or not, long ones.
#include <gmock/gmock.h>

#include "tests/system/harness/load.h"
#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;

std::vector<std::string> texts(const Json& reply) {
  EXPECT_EQ(reply["ok"], true) << reply;
  std::vector<std::string> result;
  for (const Json& message : reply["messages"]) result.push_back(message["text"]);
  return result;
}

std::vector<std::string> numbers(int first, int last) {
  std::vector<std::string> result;
  for (int i = first; i <= last; ++i) result.push_back(std::to_string(i));
  return result;
}

// `count` messages, their texts 0, 1, 2, ... and their numbers.
std::vector<std::uint64_t> fill(JsonClient& client, int count, const std::string& room = "#lobby") {
  for (int i = 0; i < count; ++i)
    client.send_json({{"op", "say"}, {"id", i}, {"room", room}, {"text", std::to_string(i)}});
  std::vector<std::uint64_t> seqs;
  while (seqs.size() < static_cast<std::size_t>(count)) {
    const Json line = Json::parse(client.read_line());
    if (line.contains("re")) seqs.push_back(line.at("seq").get<std::uint64_t>());
  }
  return seqs;
}

TEST(History, LimitsBeforeAndAfter) {
  const ServerProcess server;
  JsonClient client(server.port());
  const auto seqs = fill(client, 120);
  const auto ask = [&](Json fields) {
    fields["op"] = "history";
    fields["room"] = "#lobby";
    return texts(client.ask(std::move(fields)));
  };
  EXPECT_EQ(ask(Json::object()), numbers(70, 119)) << "50 when not told how many";
  EXPECT_EQ(ask({{"limit", 3}}), numbers(117, 119));
  EXPECT_EQ(ask({{"limit", 1000}}), numbers(0, 119));
  EXPECT_EQ(ask({{"limit", 5}, {"before", seqs[50]}}), numbers(45, 49));
  EXPECT_EQ(ask({{"limit", 5}, {"after", seqs[50]}}), numbers(51, 55));
  EXPECT_EQ(ask({{"limit", 1000}, {"after", seqs[100]}, {"before", seqs[110]}}), numbers(101, 109));
  EXPECT_EQ(ask({{"limit", 10}, {"after", seqs[119]}}), numbers(1, 0)) << "nothing newer";
  EXPECT_EQ(ask({{"limit", 10}, {"before", seqs[0]}}), numbers(1, 0)) << "nothing older";
}

TEST(History, InText) {
  const ServerProcess server({"--workers", "1"});
  TextClient client(server.port());
  const std::uint64_t id = client.id();
  const std::string from = "guest" + std::to_string(id) + "(" + std::to_string(id) + "): ";
  for (int i = 0; i < 5; ++i) static_cast<void>(client.ask("/say #lobby " + std::to_string(i)));
  client.sync();
  EXPECT_THAT(client.ask_lines("/history #lobby 2"),
              testing::ElementsAre("[#lobby] " + from + "3", "[#lobby] " + from + "4", "OK 2 messages"));
  EXPECT_EQ(client.ask_lines("/history 3").size(), 4u) << "the lobby's when no room is named";
  EXPECT_EQ(client.ask_lines("/history").back(), "OK 6 messages");
}

TEST(History, IsEachRoomsOwn) {
  const ServerProcess server;
  JsonClient client(server.port());
  static_cast<void>(client.ask({{"op", "join"}, {"room", "#den"}}));
  fill(client, 3, "#den");
  EXPECT_EQ(texts(client.ask({{"op", "history"}, {"room", "#den"}})), numbers(0, 2));
  EXPECT_TRUE(texts(client.ask({{"op", "history"}, {"room", "#lobby"}})).empty());
  static_cast<void>(client.ask({{"op", "leave"}, {"room", "#den"}}));
  EXPECT_EQ(texts(client.ask({{"op", "history"}, {"room", "#den"}})), numbers(0, 2)) << "outlives the members";
}

TEST(History, DoesNotShowDirectMessages) {
  const ServerProcess server;
  make_account(server, "alice");
  JsonClient client(server.port());
  EXPECT_EQ(client.ask({{"op", "msg"}, {"to", "alice"}, {"text", "a secret"}})["ok"], true);
  EXPECT_EQ(client.ask({{"op", "say"}, {"room", "#lobby"}, {"text", "no secret"}})["ok"], true);
  EXPECT_THAT(texts(client.ask({{"op", "history"}, {"room", "#lobby"}})), testing::ElementsAre("no secret"));
}

TEST(History, OfManyPagesWhileOthersTalk) {
  const ServerProcess server;
  JsonClient writer(server.port());
  const int count = 2500;
  const auto seqs = fill(writer, count);
  Load noise(server.port(), 2, "#noise");
  for (int i = 0; i < 3; ++i) {
    const auto history = whole_history(server.port(), "#lobby");
    ASSERT_EQ(history.size(), static_cast<std::size_t>(count));
    for (std::size_t n = 0; n < history.size(); ++n) {
      ASSERT_EQ(history[n].seq, seqs[n]);
      ASSERT_EQ(history[n].text, std::to_string(n));
    }
  }
  noise.finish();
  check_promises(noise, whole_history(server.port(), "#noise"));
}

}  // namespace
}  // namespace rookery::system_test
