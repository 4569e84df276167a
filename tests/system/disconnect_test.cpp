// Ends of connections: half closed, reset in the middle of a line, gone before an answer.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

TEST(Disconnect, HalfClosedStillGetsItsReplies) {
  const ServerProcess server({"--workers", "2"});
  for (int round = 0; round < 20; ++round) {
    TextClient client(server.port());
    std::string all;
    for (int i = 0; i < 50; ++i) all += "/say #lobby " + std::to_string(i) + "\n";
    client.send(all + "/count and something on the pool\n/ping\nlast\n");
    client.shut_down_sending();
    client.read_to_end();
    const auto oks = std::ranges::count_if(client.lines(), [](const auto& line) { return line.starts_with("OK "); });
    EXPECT_EQ(oks, 52);
    EXPECT_EQ(client.lines().back(), "Echo: last");
  }
  eventually("all have gone", [&] { return server.client_count() == 0; });
}

TEST(Disconnect, HalfALineAtTheEndIsNoCommand) {
  const ServerProcess server({"--workers", "1"});
  TextClient listener(server.port());
  listener.sync();
  TextClient client(server.port());
  client.send("whole\n/say #lobby half");
  client.shut_down_sending();
  client.read_to_end();
  EXPECT_THAT(client.lines(), testing::ElementsAre("Echo: whole"));
  listener.sync();
  EXPECT_TRUE(listener.events().empty());
}

TEST(Disconnect, ResetInTheMiddleOfALineIsHarmless) {
  const ServerProcess server({"--workers", "2"});
  TextClient witness(server.port());
  static_cast<void>(witness.ask("/join #den"));
  for (int i = 0; i < 50; ++i) {
    TextClient client(server.port());
    static_cast<void>(client.ask("/join #den"));
    client.send("/say #den whole\n/say #den ha");
    client.reset();
  }
  eventually("all have gone", [&] { return server.client_count() == 1; });
  eventually("the room counts the living", [&] { return witness.ask_lines("/rooms").at(1) == "#den 1"; });
  witness.sync();
  for (const std::string& line : witness.events()) EXPECT_FALSE(line.ends_with(" ha")) << line;
  EXPECT_EQ(witness.ask("still here"), "Echo: still here");
}

TEST(Disconnect, GoneWhileThePoolWorksForIt) {
  const ServerProcess server({"--workers", "1"});
  make_account(server, "alice");
  for (int i = 0; i < 10; ++i) {
    TextClient client(server.port());
    client.send("/login alice correct-horse\n");
    if (i % 2 == 0)
      client.reset();
    else
      client.close();
  }
  TextClient alice(server.port());
  alice.log_in("alice", kPassword);
  eventually("only she is there", [&] { return server.client_count() == 1; });
}

TEST(Disconnect, ThousandsComeAndGoWithoutATrace) {
  constexpr int kComings = kSanitized ? 500 : 3000;
  ServerProcess server({"--workers", "2"});
  TextClient(server.port()).sync();
  eventually("nobody is there", [&] { return server.client_count() == 0; });
  const auto descriptors = [&] {
    std::vector<std::size_t> counts;
    for (const pid_t pid : {server.pid(), server.ledger_pid(), server.worker_pid(0), server.worker_pid(1)})
      counts.push_back(descriptor_count(pid));
    return counts;
  };
  const auto before = descriptors();
  for (int i = 0; i < kComings; ++i) {
    TextClient client(server.port());
    client.send("hello\n");
    if (i % 2 == 0) client.reset();
  }
  eventually("nobody is there again", [&] { return server.client_count() == 0; });
  EXPECT_EQ(descriptors(), before);
}

}  // namespace
}  // namespace rookery::system_test
