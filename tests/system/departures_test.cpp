// People who go at awkward moments, and people who may not chat: rooms count right, nobody hears what is not for them.
#include <gmock/gmock.h>

#include <regex>

#include "tests/system/harness/patience.h"
#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

using ::testing::Contains;
using ::testing::StartsWith;

// A client's last leave may still be on its way when the connection breaks: it must not be counted out twice, or the
// room would end under those who are still in it.
TEST(Departures, LeavingAndGoingAtOnceCountsOnce) {
  ServerProcess server({"--workers", "2"});
  TextClient keeper(server.port());
  keeper.ask("/join #den");
  const int kRounds = 60 / kSlowness;
  for (int round = 0; round < kRounds; ++round) {
    TextClient visitor(server.port());
    visitor.ask("/join #den");
    visitor.send_line("/leave #den");
    visitor.reset();
  }
  eventually("all visitors have gone", [&] { return server.client_count() == 1; });
  eventually("the room counts its keeper alone", [&] {
    return keeper.ask_lines("/rooms") == std::vector<std::string>{"#lobby 1", "#den 1", "OK 2 rooms"};
  });
  EXPECT_THAT(keeper.ask("/say #den still here"), StartsWith("OK "));
}

TEST(Departures, WhoMayNotChatHearsTheServerAlone) {
  ServerProcess server({"--workers", "1", "--allow-guests", "no"});
  make_account(server, "alice");
  TextClient alice(server.port());
  alice.log_in("alice", kPassword);
  TextClient stranger(server.port());
  stranger.sync();
  const std::string listed = server.console("list");
  std::smatch match;
  ASSERT_TRUE(std::regex_search(listed, match, std::regex("guest([0-9]+)"))) << listed;

  EXPECT_THAT(alice.ask("/msg " + match.str() + " psst"), StartsWith("ERR no-such-name"));
  alice.ask("/broadcast for members");
  alice.ask("/say #lobby for members");
  EXPECT_THAT(server.console("broadcast for all"), ::testing::HasSubstr("OK"));
  EXPECT_EQ(stranger.expect_event("[!] for all"), "[!] for all");
  stranger.sync();
  EXPECT_EQ(stranger.events(), std::vector<std::string>{"[!] for all"});

  stranger.log_in("alice", kPassword);
  alice.ask("/broadcast now you too");
  stranger.sync();
  EXPECT_THAT(stranger.events(), Contains(::testing::HasSubstr("now you too")));
}

}  // namespace
}  // namespace rookery::system_test
