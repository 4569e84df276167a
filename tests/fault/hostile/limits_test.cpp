// What one client may take: lines a second, rooms.
#include <gmock/gmock.h>

#include <memory>
#include <vector>

#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;
using testing::StartsWith;

constexpr int kRate = 20;
constexpr int kBurst = 5 * kRate;

TEST(Hostile, AFloodOfLinesIsAnsweredButNotCarriedOut) {
  const ServerProcess server({"--workers", "1", "--max-line-rate", std::to_string(kRate)});
  TextClient witness(server.port());
  witness.sync();
  JsonClient flooder(server.port());
  constexpr int kLines = 1000;
  const auto begin = Clock::now();
  for (int i = 0; i < kLines; ++i) flooder.send_json({{"op", "say"}, {"room", "#lobby"}, {"text", "x"}, {"id", i}});
  int carried_out = 0;
  int refused = 0;
  int next = 0;
  while (next < kLines) {
    const Json line = Json::parse(flooder.read_line());
    if (!line.contains("re")) continue;
    ASSERT_EQ(line["id"], next++) << "answers in the order of the lines, none lost";
    if (line["ok"] == true) {
      ++carried_out;
    } else {
      ASSERT_EQ(line["error"], "rate-limited");
      ASSERT_EQ(line["re"], "say");
      ++refused;
    }
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  EXPECT_GE(carried_out, kBurst);
  EXPECT_LE(carried_out, kBurst + static_cast<int>(seconds * kRate) + 1);
  EXPECT_EQ(refused, kLines - carried_out);

  eventually("the flooder is heard again", [&] { return flooder.ask("ping")["ok"] == true; });
  witness.sync();
  EXPECT_EQ(witness.events().size(), static_cast<std::size_t>(carried_out)) << "what was refused was not said";
}

TEST(Hostile, AFloodInTextIsRefusedLineByLine) {
  const ServerProcess server({"--workers", "1", "--limit-loopback", "yes", "--max-line-rate", std::to_string(kRate)});
  TextClient flooder(server.port());
  std::string all;
  for (int i = 0; i < 2 * kBurst + kRate; ++i) all += "\n";
  flooder.send(all + "/quit\n");
  for (int i = 0; i < kBurst; ++i) ASSERT_EQ(flooder.read_line(), "Echo: ");
  flooder.read_until("a refusal", [](const std::string& line) { return line.starts_with("ERR rate-limited "); });
}

TEST(Hostile, ThisMachinesClientsAreNotLimitedUnlessAskedFor) {
  const ServerProcess server({"--workers", "1", "--max-clients-per-address", "1"});
  TextClient first(server.port());
  TextClient second(server.port());
  EXPECT_EQ(first.ask("/ping"), "OK pong");
  std::string all;
  for (int i = 0; i < 5000; ++i) all += "x\n";
  second.send(all);
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(second.read_line(), "Echo: x");
}

// One address with many clients could else take all 16,384 rooms.
TEST(Hostile, AnAddressMakesItsShareOfRoomsOverAllWorkersAndNoMore) {
  ServerProcess server({"--workers", "2", "--max-rooms-per-address", "5", "--limit-loopback", "yes"});
  std::vector<std::unique_ptr<TextClient>> greedy;
  for (int i = 0; i < 6; ++i) {
    greedy.push_back(std::make_unique<TextClient>(server.port(), SocketSetup{.source = "127.0.0.7"}));
    greedy.back()->sync();
  }
  TextClient other(server.port(), {.source = "127.0.0.8"});
  for (std::size_t i = 0; i < 5; ++i) EXPECT_THAT(greedy[i]->ask("/join #g" + std::to_string(i)), StartsWith("OK "));
  for (auto& client : greedy) EXPECT_THAT(client->ask("/join #more"), StartsWith("ERR rate-limited "));
  EXPECT_THAT(greedy[5]->ask("/join #g0"), StartsWith("OK ")) << "a room that exists";
  EXPECT_THAT(greedy[5]->ask("/join #lobby"), StartsWith("OK "));
  EXPECT_THAT(other.ask("/join #others"), StartsWith("OK "));
  EXPECT_THAT(greedy[5]->ask("/join #others"), StartsWith("OK "));

  EXPECT_THAT(other.ask("/join #g1"), StartsWith("OK "));
  greedy[1]->ask("/leave #g1");
  EXPECT_THAT(greedy[1]->ask("/join #more"), StartsWith("ERR rate-limited ")) << "who made it has left, it exists";
  other.ask("/leave #g1");
  eventually("a room has ended, another can be made", [&] { return greedy[1]->ask("/join #more").starts_with("OK "); });
  EXPECT_THAT(greedy[1]->ask("/join #evenmore"), StartsWith("ERR rate-limited "));

  greedy.clear();
  eventually("all its rooms have ended", [&] { return other.ask_lines("/rooms").back() == "OK 2 rooms"; });
  TextClient again(server.port(), {.source = "127.0.0.7"});
  eventually("it may make rooms again", [&] { return again.ask("/join #again").starts_with("OK "); });
}

TEST(Hostile, ThisMachineMakesRoomsAsItLikesUnlessAskedFor) {
  const ServerProcess server({"--workers", "1", "--max-rooms-per-address", "1", "--max-stored-per-address", "1M"});
  TextClient client(server.port());
  for (const char* room : {"#a", "#b", "#c"}) EXPECT_THAT(client.ask(std::string("/join ") + room), StartsWith("OK "));
}

// Who never logs in gets all of it one day: so the disk is what must be bounded. The share fills again meanwhile, by
// 291 bytes a second: what is refused may be carried out a moment later, but then it is refused for half a minute.
TEST(Hostile, AnAddressFillsItsShareOfTheDiskAndNoMore) {
  constexpr std::size_t kShare = 1024 * 1024;
  const std::string text(8000, 'x');
  ServerProcess server({"--workers", "1", "--max-stored-per-address", "1M", "--limit-loopback", "yes"});
  make_account(server, "absent");
  TextClient greedy(server.port(), {.source = "127.0.0.7"});
  const auto begin = Clock::now();
  std::size_t stored = 0;
  std::string reply;
  while ((reply = greedy.ask("/msg absent " + text)).starts_with("OK ")) {
    stored += text.size();
    const double hours = std::chrono::duration<double, std::ratio<3600>>(Clock::now() - begin).count();
    ASSERT_LE(static_cast<double>(stored), kShare * (1 + hours));
  }
  EXPECT_THAT(reply, StartsWith("ERR rate-limited "));
  EXPECT_GT(stored, kShare / 2);
  TextClient second(server.port(), {.source = "127.0.0.7"});
  for (const std::string& line : {"/msg absent " + text, "/broadcast " + text, "/say #lobby " + text})
    eventually("refused, for it is the same address: " + line.substr(0, line.find('x')),
               [&] { return second.ask(line).starts_with("ERR rate-limited "); });
  EXPECT_EQ(second.ask("hi"), "Echo: hi");
  EXPECT_THAT(second.ask("/join #den"), StartsWith("OK "));
  TextClient other(server.port(), {.source = "127.0.0.8"});
  EXPECT_THAT(other.ask("/msg absent " + text), StartsWith("OK "));
  eventually("refused in the order of the lines", [&] {
    greedy.send("/msg absent " + text + "\nhi\n");
    const std::string first = greedy.read_until("a reply", [](const std::string& line) {
      return line.starts_with("OK ") || line.starts_with("ERR ") || line.starts_with("Echo: ");
    });
    EXPECT_EQ(greedy.read_until("an echo", [](const std::string& line) { return line == "Echo: hi"; }), "Echo: hi");
    return first.starts_with("ERR rate-limited ");
  });
}

TEST(Hostile, RoomsOfAClientAreCounted) {
  const ServerProcess server({"--workers", "1", "--max-rooms", "2"});
  TextClient client(server.port());
  EXPECT_THAT(client.ask("/join #a"), StartsWith("OK "));
  EXPECT_THAT(client.ask("/join #b"), StartsWith("OK "));
  EXPECT_THAT(client.ask("/join #c"), StartsWith("ERR rate-limited "));
  EXPECT_THAT(client.ask("/join #b"), StartsWith("OK ")) << "where it is already";
  EXPECT_THAT(client.ask("/leave #a"), StartsWith("OK "));
  EXPECT_THAT(client.ask("/join #c"), StartsWith("OK "));
}

TEST(Hostile, TheMostRoomsThereCanBeAreAllHeard) {
  const ServerProcess server({"--workers", "1", "--max-rooms", "131"});
  TextClient client(server.port());
  for (int i = 0; i < 131; ++i) ASSERT_THAT(client.ask("/join #r" + std::to_string(i)), StartsWith("OK ")) << i;
  EXPECT_THAT(client.ask("/join #one-more"), StartsWith("ERR rate-limited "));
  EXPECT_THAT(client.ask("/say #r130 hi"), StartsWith("OK "));
  for (int i = 0; i < 131; ++i) ASSERT_THAT(client.ask("/leave #r" + std::to_string(i)), StartsWith("OK ")) << i;
}

}  // namespace
}  // namespace rookery::system_test
