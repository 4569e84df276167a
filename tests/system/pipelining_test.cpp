// Many commands in one write, writes cut anywhere, lines of the greatest length: answers in the order of the commands.
#include <gmock/gmock.h>

#include <random>

#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;

void send_in_pieces(TestClient& client, std::string_view bytes, unsigned seed, std::size_t longest) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<std::size_t> length(1, longest);
  while (!bytes.empty()) {
    const std::size_t piece = std::min(length(random), bytes.size());
    client.send(bytes.substr(0, piece));
    bytes.remove_prefix(piece);
  }
}

// Lines sorted into replies and events, until there are so many replies.
struct Received {
  std::vector<Json> replies;
  std::vector<Json> events;
};
Received receive_replies(JsonClient& client, std::size_t count) {
  Received received;
  while (received.replies.size() < count) {
    Json line = Json::parse(client.read_line());
    (line.contains("re") ? received.replies : received.events).push_back(std::move(line));
  }
  return received;
}

TEST(Pipelining, WhatWaitsForAnEarlierAnswerNeedsNoFurtherInput) {
  const ServerProcess server({"--workers", "1"});
  JsonClient client(server.port());
  client.send(R"({"op":"join","id":0,"room":"#r"})"
              "\n"
              R"({"op":"echo","id":1,"text":"x"})"
              "\n"
              R"({"op":"say","id":2,"room":"#r","text":"y"})"
              "\n"
              R"({"op":"echo","id":3,"text":"z"})"
              "\n");
  const auto replies = receive_replies(client, 4).replies;
  for (std::size_t i = 0; i < replies.size(); ++i) EXPECT_EQ(replies[i]["id"], i);
}

TEST(Pipelining, AThousandSaysInOneWrite) {
  constexpr int kSays = 1000;
  const ServerProcess server({"--workers", "2"});
  for (const unsigned seed : {0u, 1u, 2u}) {
    JsonClient client(server.port());
    JsonClient listener(server.port());
    listener.sync();
    std::string all;
    for (int i = 0; i < kSays; ++i)
      all += Json({{"op", "say"}, {"id", i}, {"room", "#lobby"}, {"text", std::to_string(i)}}).dump() + "\n";
    if (seed == 0)
      client.send(all);
    else
      send_in_pieces(client, all, seed, 3000);
    const auto replies = receive_replies(client, kSays).replies;
    client.sync();
    listener.sync();
    const auto own = client.events("message");
    EXPECT_EQ(own, listener.events("message"));
    ASSERT_EQ(own.size(), static_cast<std::size_t>(kSays));
    for (std::size_t i = 0; i < kSays; ++i) {
      ASSERT_EQ(replies[i]["id"], i) << "replies in the order of the commands";
      ASSERT_EQ(own[i]["text"], std::to_string(i)) << "events in the order of the commands";
      ASSERT_EQ(replies[i]["seq"], own[i]["seq"]);
    }
  }
}

TEST(Pipelining, CommandsOfEveryKindKeepTheirOrder) {
  const ServerProcess server({"--workers", "2"});
  JsonClient client(server.port());
  std::string all;
  std::vector<std::string> expected;
  const auto add = [&](Json command) {
    command["id"] = expected.size();
    expected.push_back(command["op"]);
    all += command.dump() + "\n";
  };
  for (int i = 0; i < 60; ++i) {
    add({{"op", "say"}, {"room", "#lobby"}, {"text", "x"}});
    add({{"op", "echo"}, {"text", "between"}});
    add({{"op", "say"}, {"room", "#nowhere"}, {"text", "refused"}});
    add({{"op", "broadcast"}, {"text", "y"}});
    add({{"op", "join"}, {"room", "#den" + std::to_string(i)}});
    add({{"op", "say"}, {"room", "#den" + std::to_string(i)}, {"text", "z"}});
    add({{"op", "count"}, {"text", "on the pool"}});
    add({{"op", "ping"}});
    add({{"op", "leave"}, {"room", "#den" + std::to_string(i)}});
    add({{"op", "nonsense"}});
    add({{"op", "history"}, {"room", "#lobby"}, {"limit", 2}});
    add({{"op", "list"}});
  }
  send_in_pieces(client, all, 7, 700);
  const auto replies = receive_replies(client, expected.size()).replies;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(replies[i]["id"], i);
    ASSERT_EQ(replies[i]["re"], expected[i]);
  }
}

TEST(Pipelining, TextEchoesAndSaysKeepTheirOrder) {
  const ServerProcess server({"--workers", "1"});
  TextClient client(server.port());
  std::string all;
  for (int i = 0; i < 300; ++i) all += "/say #lobby s" + std::to_string(i) + "\nline " + std::to_string(i) + "\n";
  client.send(all);
  for (int i = 0; i < 300; ++i) {
    const auto reply = [&] {
      return client.read_until("a reply",
                               [](const std::string& l) { return l.starts_with("OK ") || l.starts_with("Echo: "); });
    };
    ASSERT_TRUE(reply().starts_with("OK ")) << i;
    ASSERT_EQ(reply(), "Echo: line " + std::to_string(i));
  }
}

TEST(Pipelining, TheLongestLineWorksAndALongerOneHarmsNobody) {
  const ServerProcess server({"--workers", "2"});
  TextClient client(server.port());
  TextClient listener(server.port());
  listener.sync();
  EXPECT_EQ(client.ask(std::string(8192, 'a')), "Echo: " + std::string(8192, 'a'));
  client.send(std::string(8192, 'c') + "\r\n");
  EXPECT_EQ(client.read_line(), "Echo: " + std::string(8192, 'c'));
  const std::string longest_text(8192 - std::string_view("/say #lobby ").size(), 'b');
  EXPECT_TRUE(client.ask("/say #lobby " + longest_text).starts_with("OK "));
  listener.expect_event([&](const std::string& line) { return line.ends_with("): " + longest_text); });
  for (const std::size_t length : {8193u, 8194u, 16384u, 100000u}) {
    client.send("before\n" + std::string(length, 'x') + "\nafter\n");
    EXPECT_EQ(client.read_until("a reply", [](const std::string& line) { return !line.starts_with("["); }),
              "Echo: before");
    EXPECT_TRUE(client.read_line().starts_with("ERR line-too-long ")) << length;
    EXPECT_EQ(client.read_line(), "Echo: after");
  }
}

TEST(Pipelining, InputSplitAtEveryByte) {
  const ServerProcess server({"--workers", "1"});
  const std::string script = "plain\n/say #lobby grüße\r\n/ping\n/nonsense\nlast\n";
  for (std::size_t cut = 1; cut < script.size(); ++cut) {
    TextClient client(server.port());
    client.send(script.substr(0, cut));
    // A ping of another client passes through the same loop, so the first piece has been looked at by itself.
    TextClient other(server.port());
    other.sync();
    client.send(script.substr(cut));
    const auto is_reply = [](const std::string& line) { return !line.starts_with("["); };
    std::vector<std::string> replies;
    for (int i = 0; i < 5; ++i) replies.push_back(client.read_until("a reply", is_reply).substr(0, 15));
    ASSERT_THAT(replies, testing::ElementsAre("Echo: plain", testing::StartsWith("OK "), "OK pong", "ERR bad-command",
                                              "Echo: last"))
        << "cut at " << cut;
  }
  TextClient client(server.port());
  for (const char byte : script) client.send({&byte, 1});
  client.read_until("the last reply", [](const std::string& line) { return line == "Echo: last"; });
}

}  // namespace
}  // namespace rookery::system_test
