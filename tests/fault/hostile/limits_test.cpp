// What one client may take: lines a second, rooms.
#include <gmock/gmock.h>

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
