// Whom a message wakes: every worker that has somebody who hears it, and no other.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

constexpr int kPacedMessages = 200;

// How often the process has gone to sleep, all threads together.
std::uint64_t sleeps_of(pid_t pid) {
  std::uint64_t sum = 0;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    std::ifstream status(thread.path() / "status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("voluntary_ctxt_switches:")) sum += std::stoull(line.substr(line.find(':') + 1));
  }
  return sum;
}

// How often that process went to sleep meanwhile, not counting what it may do of its own accord: a loop beats twice a
// second and does its housekeeping four times.
std::uint64_t sleeps_while_speaking(JsonClient& speaker, const char* room, pid_t pid) {
  const std::uint64_t before = sleeps_of(pid);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kPacedMessages; ++i)
    EXPECT_EQ(speaker.ask({{"op", "say"}, {"room", room}, {"text", std::to_string(i)}})["ok"], true);
  const auto took = std::chrono::ceil<std::chrono::seconds>(std::chrono::steady_clock::now() - begin);
  const std::uint64_t sleeps = sleeps_of(pid) - before;
  const auto beats = static_cast<std::uint64_t>(8 * took.count());
  return sleeps < beats ? 0 : sleeps - beats;
}

TEST(WakeUps, AMessageWakesOnlyTheWorkersWhereItIsHeard) {
  const ServerProcess server({"--workers", "2"});
  auto seated = one_client_on_each_worker(server, 2);
  JsonClient& speaker = *seated.front().client;
  JsonClient& other = *seated.back().client;
  const pid_t worker = server.worker_pid(static_cast<int>(seated.back().worker));
  ASSERT_EQ(speaker.ask({{"op", "join"}, {"room", "#den"}})["ok"], true);
  EXPECT_LT(sleeps_while_speaking(speaker, "#den", worker), kPacedMessages / 10) << "not there yet";
  ASSERT_EQ(other.ask({{"op", "join"}, {"room", "#den"}})["ok"], true);
  EXPECT_GT(sleeps_while_speaking(speaker, "#den", worker), kPacedMessages / 4) << "there: most messages wake it";
  ASSERT_EQ(other.ask({{"op", "leave"}, {"room", "#den"}})["ok"], true);
  EXPECT_LT(sleeps_while_speaking(speaker, "#den", worker), kPacedMessages / 10) << "it has left";
}

// One that was not woken would have it at its next heartbeat, half a second later. Broadcasts wake everybody.
TEST(WakeUps, WhoHearsARoomHasItsMessagesAsSoonAsBroadcasts) {
  const ServerProcess server({"--workers", "2"});
  auto seated = one_client_on_each_worker(server, 2);
  JsonClient& speaker = *seated.front().client;
  JsonClient& hearer = *seated.back().client;
  const auto time_of = [&](const JsonClient::Json& request) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < kPacedMessages; ++i) {
      speaker.send_line(request.dump());
      hearer.expect_event([](const JsonClient::Json& event) { return event["event"] == "message"; });
    }
    return std::chrono::steady_clock::now() - begin;
  };
  for (const char* room : {"#den", "#attic", "#lobby"}) {
    for (JsonClient* client : {&speaker, &hearer}) {
      ASSERT_EQ(client->ask({{"op", "join"}, {"room", room}})["ok"], true);
      client->sync();
    }
    const auto broadcasts = time_of({{"op", "broadcast"}, {"text", "hello"}});
    const auto messages = time_of({{"op", "say"}, {"room", room}, {"text", "hello"}});
    EXPECT_LT(messages, 20 * broadcasts) << room;
  }
}

}  // namespace
}  // namespace rookery::system_test
