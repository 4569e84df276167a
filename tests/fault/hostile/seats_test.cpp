// Seats: more clients than descriptors, more than an address may have, clients that hold one and do nothing with it.
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// User and system time of all its threads, from /proc/PID/stat.
double cpu_seconds(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string all;
  std::getline(file, all);
  std::istringstream fields(all.substr(all.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::unique_ptr<TextClient> connect_from(const ServerProcess& server, const char* address) {
  return std::make_unique<TextClient>(server.port(), SocketSetup{.source = address});
}

TEST(Hostile, Row47_MoreClientsThanDescriptors) {
  constexpr std::size_t kClients = 200;
  const ServerProcess server({"--workers", "1"});
  const pid_t worker = server.worker_pid(0);
  const rlimit few{64, 64};
  ASSERT_EQ(::prlimit(worker, RLIMIT_NOFILE, &few, nullptr), 0);

  std::vector<std::unique_ptr<TextClient>> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<TextClient>(server.port()));
    clients.back()->send_line("/ping");
  }
  std::size_t served = 0;
  const auto serve = [&] {
    for (auto& client : clients) {
      if (!client || client->lines().size() > 0) continue;
      static_cast<void>(client->poll_lines());
      if (!client->lines().empty()) ++served;
    }
    return served;
  };
  eventually("the worker has no descriptor left",
             [&] { return server.log().find("cannot accept") != std::string::npos; });
  eventually("those inside are served", [&] { return serve() >= 20; });
  EXPECT_LT(served, 64U);

  const double before = cpu_seconds(worker);
  const auto begin = Clock::now();
  eventually("a second has passed", [&] { return Clock::now() - begin > std::chrono::seconds{1}; });
  EXPECT_LT(cpu_seconds(worker) - before, 0.3) << "it spins";

  // Whoever is served leaves: all the others come in.
  eventually("everybody was served", [&] {
    static_cast<void>(serve());
    for (auto& client : clients)
      if (client && !client->lines().empty()) client.reset();
    return served == kClients;
  });
  eventually("nobody is left", [&] { return server.client_count() == 0; });
}

TEST(Hostile, Row47_TheServersLimitIsSaidToWhoIsTooMany) {
  constexpr std::size_t kSeats = 20;
  const ServerProcess server({"--workers", "2", "--max-clients", std::to_string(kSeats)});
  std::vector<std::unique_ptr<TextClient>> seated;
  for (std::size_t i = 0; i < kSeats; ++i) {
    seated.push_back(std::make_unique<TextClient>(server.port()));
    seated.back()->sync();
  }
  for (int i = 0; i < 40; ++i) {
    TextClient late(server.port());
    EXPECT_THAT(late.read_line(), StartsWith("ERR server-full "));
    late.read_to_end();
  }
  for (auto& client : seated) EXPECT_EQ(client->ask("hi"), "Echo: hi");
}

TEST(Hostile, AnAddressHasItsShareOfSeatsOverAllWorkersAndNoMore) {
  const ServerProcess server(
      {"--workers", "3", "--loops", "2", "--max-clients-per-address", "5", "--limit-loopback", "yes"});
  std::vector<std::unique_ptr<TextClient>> greedy;
  for (int i = 0; i < 5; ++i) {
    greedy.push_back(connect_from(server, "127.0.0.7"));
    greedy.back()->sync();
  }
  for (int i = 0; i < 3; ++i) {
    const auto refused = connect_from(server, "127.0.0.7");
    EXPECT_THAT(refused->read_line(), testing::AllOf(StartsWith("ERR server-full "), HasSubstr("from your address")));
    refused->read_to_end();
  }
  for (const char* other : {"127.0.0.8", "127.0.0.9"}) EXPECT_EQ(connect_from(server, other)->ask("/ping"), "OK pong");
  greedy.pop_back();
  eventually("its seat is free", [&] {
    const auto again = connect_from(server, "127.0.0.7");
    again->send_line("/ping");
    return again->read_line() == "OK pong";
  });
  for (auto& client : greedy) EXPECT_EQ(client->ask("/ping"), "OK pong");
}

TEST(Hostile, AnAddressKeepsItsSeatsWhenTheirWorkerDiesAndNoMore) {
  ServerProcess server({"--workers", "1", "--max-clients-per-address", "2", "--limit-loopback", "yes"});
  {
    const auto first = connect_from(server, "127.0.0.7");
    const auto second = connect_from(server, "127.0.0.7");
    first->sync();
    second->sync();
    const pid_t worker = server.worker_pid(0);
    server.kill_child(worker);
    server.wait_until_all_serve({worker});
    EXPECT_EQ(first->ask("/ping"), "OK pong");
    EXPECT_EQ(second->ask("/ping"), "OK pong");
    EXPECT_THAT(connect_from(server, "127.0.0.7")->read_line(), StartsWith("ERR server-full "));
  }
  eventually("two seats are free", [&] {
    const auto first = connect_from(server, "127.0.0.7");
    const auto second = connect_from(server, "127.0.0.7");
    first->send_line("/ping");
    second->send_line("/ping");
    try {
      return first->read_line() == "OK pong" && second->read_line() == "OK pong";
    } catch (const std::exception&) {
      return false;
    }
  });
}

TEST(Hostile, Row51_SlowLorisLosesItsSeatAndIsTold) {
  const ServerProcess server({"--workers", "2", "--login-grace", "1"});
  TextClient person(server.port());
  person.sync();
  TextClient silent(server.port());
  TextClient dripping(server.port());
  JsonClient half(server.port());
  half.send("{\"op\":\"pi");
  bool dripping_ended = false;
  eventually("who sends a byte now and then is closed", [&] {
    if (!dripping_ended) {
      try {
        dripping.send("x");
      } catch (const Closed&) {
      }
    }
    dripping_ended = dripping.poll_lines();
    return dripping_ended;
  });
  ASSERT_EQ(dripping.lines().size(), 1U);
  EXPECT_THAT(dripping.lines()[0], StartsWith("ERR too-slow "));
  silent.read_to_end();
  ASSERT_EQ(silent.lines().size(), 1U);
  EXPECT_THAT(silent.lines()[0], StartsWith("ERR too-slow "));
  half.read_to_end();
  ASSERT_EQ(half.lines().size(), 1U);
  EXPECT_EQ(nlohmann::json::parse(half.lines()[0])["error"], "too-slow");
  EXPECT_EQ(person.ask("I have said something in time"), "Echo: I have said something in time");
  eventually("their seats are free", [&] { return server.client_count() == 1; });
}

TEST(Hostile, Row51_WhereGuestsMayNotSpeakTheGraceIsForTheLogin) {
  const ServerProcess server({"--workers", "1", "--allow-guests", "no", "--login-grace", kSanitized ? "8" : "2"});
  make_account(server, "alice");
  TextClient alice(server.port());
  alice.log_in("alice", kPassword);
  EXPECT_EQ(alice.ask("/logout"), "OK logged out");
  TextClient talker(server.port());
  EXPECT_EQ(talker.ask("I have said something in time"), "Echo: I have said something in time");
  talker.read_to_end();
  EXPECT_THAT(talker.lines().back(), testing::AllOf(StartsWith("ERR too-slow "), HasSubstr("login")));
  EXPECT_EQ(alice.ask("she was logged in once"), "Echo: she was logged in once");
}

TEST(Hostile, TheIdleAreClosedWhereTheOperatorWantsIt) {
  const ServerProcess server({"--workers", "1", "--idle-timeout", "1"});
  TextClient idle(server.port());
  TextClient busy(server.port());
  idle.sync();
  bool ended = false;
  eventually("the idle one is closed", [&] {
    busy.sync();
    ended = idle.poll_lines();
    return ended;
  });
  EXPECT_THAT(idle.lines().back(), StartsWith("ERR too-slow "));
  EXPECT_EQ(busy.ask("/ping"), "OK pong");
}

}  // namespace
}  // namespace rookery::system_test
