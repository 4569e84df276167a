// Broadcasts reach every client on every worker, in one order for all.
#include <gmock/gmock.h>

#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;

TEST(Broadcast, EveryClientOnEveryWorkerInOneOrder) {
  constexpr std::size_t kClients = 12;
  constexpr int kEach = 40;
  const ServerProcess server({"--workers", "3"});
  auto seated = one_client_on_each_worker(server, 3);
  while (seated.size() < kClients) {
    auto client = std::make_unique<JsonClient>(server.port());
    const std::uint64_t id = id_of(*client);
    seated.push_back({id, 0, std::move(client)});
  }
  for (Seated& each : seated) each.client->sync();

  // All of them speak at once, several messages under way.
  in_threads(kClients, [&](std::size_t i) {
    JsonClient& client = *seated[i].client;
    for (int n = 0; n < kEach; ++n)
      client.send_json({{"op", "broadcast"}, {"text", std::to_string(i) + "/" + std::to_string(n)}});
    client.sync();
  });
  for (Seated& each : seated) each.client->sync();

  const auto broadcasts_of = [](const JsonClient& client) {
    std::vector<Json> result;
    for (Json& event : client.events("message"))
      if (event["room"] == "*") result.push_back(std::move(event));
    return result;
  };
  const auto first = broadcasts_of(*seated[0].client);
  ASSERT_EQ(first.size(), kClients * kEach);
  for (const Seated& each : seated) EXPECT_EQ(broadcasts_of(*each.client), first) << "client " << each.id;

  std::vector<int> next(kClients, 0);
  std::uint64_t last_seq = 0;
  for (const Json& event : first) {
    const std::string text = event["text"];
    const std::size_t sender = std::stoul(text);
    EXPECT_EQ(event["from"]["client"], seated[sender].id);
    EXPECT_EQ(std::stoi(text.substr(text.find('/') + 1)), next[sender]++) << "each sender's own order";
    EXPECT_GT(event["seq"].get<std::uint64_t>(), last_seq);
    last_seq = event["seq"].get<std::uint64_t>();
  }
}

TEST(Broadcast, TheAcknowledgementCarriesTheEventsNumber) {
  const ServerProcess server({"--workers", "2"});
  JsonClient client(server.port());
  for (int i = 0; i < 10; ++i) {
    const Json reply = client.ask({{"op", "broadcast"}, {"text", std::to_string(i)}});
    const Json event = client.expect_event([](const Json& e) { return e["event"] == "message"; });
    for (const char* field : {"seq", "epoch", "time"}) EXPECT_EQ(reply[field], event[field]) << field;
  }
}

}  // namespace
}  // namespace rookery::system_test
