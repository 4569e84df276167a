// What outlives a stop and a start on the same data: accounts, history, numbers.
#include <gmock/gmock.h>

#include <set>

#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;

TEST(Restart, KeepsAccountsHistoryAndNumbers) {
  const TemporaryDirectory data;
  std::set<std::uint64_t> client_ids;
  std::uint64_t last_seq = 0;
  std::string epoch;
  std::size_t messages = 0;
  for (int life = 0; life < 3; ++life) {
    const ServerProcess server(data, {"--workers", "2"});
    const std::string name = "person" + std::to_string(life);
    make_account(server, name);
    for (int earlier = 0; earlier <= life; ++earlier) {
      JsonClient client(server.port());
      const Json login =
          client.ask({{"op", "login"}, {"name", "person" + std::to_string(earlier)}, {"password", kPassword}});
      ASSERT_EQ(login["ok"], true) << login;
      if (epoch.empty()) epoch = login["epoch"];
      EXPECT_EQ(login["epoch"], epoch);
      EXPECT_TRUE(client_ids.insert(login["client"].get<std::uint64_t>()).second) << "an id came back: " << login;
      EXPECT_GE(login["seq"].get<std::uint64_t>(), last_seq);

      const Json reply = client.ask({{"op", "say"}, {"room", "#lobby"}, {"text", std::to_string(messages++)}});
      EXPECT_GT(reply["seq"].get<std::uint64_t>(), last_seq);
      last_seq = reply["seq"].get<std::uint64_t>();
      const Json history = client.ask({{"op", "history"}, {"room", "#lobby"}, {"limit", 1000}});
      ASSERT_EQ(history["messages"].size(), messages);
      for (std::size_t i = 0; i < messages; ++i) EXPECT_EQ(history["messages"][i]["text"], std::to_string(i));
    }
    TextClient thief(server.port());
    EXPECT_TRUE(thief.ask("/register person0 another-password").starts_with("ERR name-taken "));
  }
}

}  // namespace
}  // namespace rookery::system_test
