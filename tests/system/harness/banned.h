// tests/system/harness/banned.h
//
// Clients that are banned, by the address 127.0.0.2 or by their account, and what must become of them.
#pragma once

#include <gmock/gmock.h>

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/system/harness/people.h"

namespace rookery::system_test {

inline constexpr SocketSetup kBanned{.source = "127.0.0.2"};

[[nodiscard]] inline JsonClient::Json try_login_of(const ServerProcess& server, const std::string& name,
                                                   std::string_view password = kPassword) {
  JsonClient client(server.port());
  return client.ask({{"op", "login"}, {"name", name}, {"password", password}});
}

inline void expect_refused(const ServerProcess& server, const std::string& why, SocketSetup setup = kBanned) {
  TextClient client(server.port(), setup);
  EXPECT_EQ(client.read_line(), "ERR banned you are banned by the operator of this server" + why);
  client.read_to_end();
  EXPECT_THAT(client.lines(), testing::SizeIs(1));
}

inline void expect_welcome(const ServerProcess& server, SocketSetup setup = kBanned) {
  JsonClient client(server.port(), setup);
  EXPECT_EQ(client.ask("ping")["ok"], true);
}

[[nodiscard]] inline bool is_welcome(const ServerProcess& server, SocketSetup setup = kBanned) {
  TextClient client(server.port(), setup);
  try {
    return client.ask("/ping") == "OK pong";
  } catch (const std::runtime_error&) {
    return false;  // closed, or reset when it wrote to a closed socket
  }
}

inline void expect_dismissed(JsonClient& client, const std::string& why) {
  const auto notice = client.expect_event([](const auto& event) { return event["event"] == "notice"; });
  EXPECT_EQ(notice["text"], "you are banned by the operator of this server" + why);
  EXPECT_EQ(notice["final"], true) << "a client is not to come back by itself";
  client.read_to_end();
}

// One client from there on each worker.
[[nodiscard]] inline std::vector<Seated> banned_on_each_worker(const ServerProcess& server, std::uint32_t workers) {
  std::map<std::uint32_t, Seated> seated;
  std::vector<std::unique_ptr<JsonClient>> others;
  while (seated.size() < workers) {
    auto client = std::make_unique<JsonClient>(server.port(), kBanned);
    const std::uint64_t id = id_of(*client);
    const std::uint32_t worker = workers_of_clients(server.port()).at(id);
    if (seated.contains(worker))
      others.push_back(std::move(client));
    else
      seated[worker] = {id, worker, std::move(client)};
  }
  std::vector<Seated> result;
  for (auto& [worker, seat] : seated) result.push_back(std::move(seat));
  return result;
}

}  // namespace rookery::system_test
