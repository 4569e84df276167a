// Message ids are (epoch, seq). When everything dies before something that clients have seen was stored, its number is
// given again, so the epoch must be another one then.
#include <gmock/gmock.h>

#include <map>
#include <set>

#include "tests/system/harness/load.h"
#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;

constexpr int kAtOnce =
    200;  // many, but no more than may be in flight, so that the newest are seen long before the disk has them

// Says `kAtOnce` texts in one write and reads until it sees the last of them as an event. Returns the epoch.
std::string see_much(std::uint16_t port, int life, std::map<std::pair<std::string, std::uint64_t>, std::string>& seen) {
  JsonClient client(port);
  std::string requests;
  for (int i = 0; i < kAtOnce; ++i)
    requests +=
        Json{{"op", "say"}, {"room", "#lobby"}, {"text", std::to_string(life) + "." + std::to_string(i)}}.dump() + "\n";
  client.send(requests);
  const std::string last = std::to_string(life) + "." + std::to_string(kAtOnce - 1);
  std::string epoch;
  for (bool more = true; more;) {
    const Json line = Json::parse(client.read_line());
    if (!line.contains("event")) continue;
    epoch = line["epoch"];
    const auto [at, fresh] = seen.emplace(std::pair(epoch, line["seq"].get<std::uint64_t>()), line["text"]);
    EXPECT_TRUE(fresh) << "number " << at->first.second << " of epoch " << epoch << " was " << at->second
                       << " and is now " << line["text"];
    more = line["text"] != last;
  }
  return epoch;
}

TEST(Epoch, ChangesWhenSomethingSeenWasLost) {
  const TemporaryDirectory data;
  std::map<std::pair<std::string, std::uint64_t>, std::string> seen;
  std::map<int, std::string> epochs;
  const int kLives = kSanitized ? 3 : 8;
  for (int life = 0; life < kLives; ++life) {
    ServerProcess server(data, {"--workers", "1"});
    epochs[life] = see_much(server.port(), life, seen);
    server.kill_master();
    server.expect_group_gone();
  }

  const ServerProcess server(data, {"--workers", "1"});
  std::set<std::string> kept;
  for (const HistoryItem& item : whole_history(server.port(), "#lobby")) kept.insert(item.text);
  for (int life = 0; life + 1 < kLives; ++life) {
    int lost = 0;
    for (int i = 0; i < kAtOnce; ++i) lost += kept.contains(std::to_string(life) + "." + std::to_string(i)) ? 0 : 1;
    if (lost > 0) {
      EXPECT_NE(epochs[life], epochs[life + 1]) << lost << " messages that were seen in life " << life << " are lost";
    }
  }
}

TEST(Epoch, StaysOverACleanStop) {
  const TemporaryDirectory data;
  std::map<std::pair<std::string, std::uint64_t>, std::string> seen;
  std::set<std::string> epochs;
  for (int life = 0; life < 2; ++life) {
    ServerProcess server(data, {"--workers", "1"});
    epochs.insert(see_much(server.port(), life, seen));
    server.stop();
  }
  EXPECT_EQ(epochs.size(), 1U);
}

}  // namespace
}  // namespace rookery::system_test
