// tests/system/harness/people.h
//
// Who takes part: accounts, and where their clients sit.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/system/harness/server_process.h"
#include "tests/system/harness/test_client.h"

namespace rookery::system_test {

inline constexpr std::string_view kPassword = "correct-horse";

// Registers the account over a connection of its own.
void make_account(const ServerProcess& server, std::string_view name, std::string_view password = kPassword);

// Client id -> worker, as `/list` has it.
[[nodiscard]] std::map<std::uint64_t, std::uint32_t> workers_of_clients(std::uint16_t port);

struct Seated {
  std::uint64_t id = 0;
  std::uint32_t worker = 0;
  std::unique_ptr<JsonClient> client;
};
// Clients such that each worker has at least one, sorted by worker; connects until it is so.
[[nodiscard]] std::vector<Seated> one_client_on_each_worker(const ServerProcess& server, std::uint32_t workers);
// Each of them has a ping answered; a test failure names who has not.
void expect_all_chat(std::vector<Seated>& seated);
// The client's id, learnt by a message to the lobby.
[[nodiscard]] std::uint64_t id_of(JsonClient& client);

}  // namespace rookery::system_test
