// Ends of connections: half a line at the end, gone before an answer. See also tests/fault/hostile/bytes_test.cpp.
#include <gmock/gmock.h>

#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

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
  const int kComings = kSanitized ? 500 : 3000;
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
  // Some may still wait to be accepted, or for their thread to end.
  eventually("nobody is there again, and no descriptor more than before",
             [&] { return server.client_count() == 0 && descriptors() == before; });
}

}  // namespace
}  // namespace rookery::system_test
