#include "tests/system/harness/people.h"

#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>

namespace rookery::system_test {

void make_account(const ServerProcess& server, std::string_view name, std::string_view password) {
  TextClient client(server.port());
  const std::string reply = client.ask("/register " + std::string(name) + " " + std::string(password));
  if (reply != "OK registered " + std::string(name)) throw std::runtime_error("cannot register: " + reply);
}

std::map<std::uint64_t, std::uint32_t> workers_of_clients(std::uint16_t port) {
  JsonClient client(port);
  const auto reply = client.ask("list");
  std::map<std::uint64_t, std::uint32_t> result;
  for (const auto& item : reply.at("clients"))
    result.emplace(item.at("client").get<std::uint64_t>(), item.at("worker").get<std::uint32_t>());
  return result;
}

std::uint64_t id_of(JsonClient& client) {
  const std::string token = "who-am-i-" + std::to_string(client.local_port());
  const auto reply = client.ask({{"op", "say"}, {"room", "#lobby"}, {"text", token}});
  if (reply.at("ok") != true) throw std::runtime_error("cannot speak: " + reply.dump());
  const auto event = client.expect_event([&](const auto& e) { return e.value("text", "") == token; });
  return event.at("from").at("client").template get<std::uint64_t>();
}

std::vector<Seated> one_client_on_each_worker(const ServerProcess& server, std::uint32_t workers) {
  constexpr int kMostTries = 200;
  std::map<std::uint32_t, Seated> found;
  std::vector<std::unique_ptr<JsonClient>> spare;  // they hold their places, so that the next one sits elsewhere
  for (int i = 0; i < kMostTries && found.size() < workers; ++i) {
    auto client = std::make_unique<JsonClient>(server.port());
    const std::uint64_t id = id_of(*client);
    const std::uint32_t worker = workers_of_clients(server.port()).at(id);
    if (found.contains(worker))
      spare.push_back(std::move(client));
    else
      found.emplace(worker, Seated{id, worker, std::move(client)});
  }
  if (found.size() < workers) throw std::runtime_error("some workers get no clients");
  std::vector<Seated> result;
  for (auto& [worker, seated] : found) result.push_back(std::move(seated));
  return result;
}

void expect_all_chat(std::vector<Seated>& seated) {
  for (Seated& each : seated) EXPECT_EQ(each.client->ask("ping")["ok"], true) << each.id;
}

}  // namespace rookery::system_test
