// Whom a message wakes: every worker that has somebody who hears it, and no other.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <thread>

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

struct Spoken {
  std::uint64_t sleeps = 0;  // of the process that was watched
  std::chrono::steady_clock::duration took{};
};
Spoken speak(JsonClient& speaker, const char* room, pid_t watched) {
  const std::uint64_t before = sleeps_of(watched);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kPacedMessages; ++i)
    EXPECT_EQ(speaker.ask({{"op", "say"}, {"room", room}, {"text", std::to_string(i)}})["ok"], true);
  const auto took = std::chrono::steady_clock::now() - begin;
  return {sleeps_of(watched) - before, took};
}

// How often speaking made that process go to sleep, beyond what it does in as much time of its own accord: it beats and
// keeps house, and a sanitizer's thread in it has its own pace.
std::uint64_t sleeps_by_speaking(JsonClient& speaker, const char* room, pid_t pid) {
  const Spoken spoken = speak(speaker, room, pid);
  const std::uint64_t before = sleeps_of(pid);
  std::this_thread::sleep_for(spoken.took);
  const std::uint64_t idle = sleeps_of(pid) - before;
  return spoken.sleeps < idle ? 0 : spoken.sleeps - idle;
}

TEST(WakeUps, AMessageWakesOnlyTheWorkersWhereItIsHeard) {
  const ServerProcess server({"--workers", "2"});
  auto seated = one_client_on_each_worker(server, 2);
  JsonClient& speaker = *seated.front().client;
  JsonClient& other = *seated.back().client;
  const pid_t worker = server.worker_pid(static_cast<int>(seated.back().worker));
  ASSERT_EQ(speaker.ask({{"op", "join"}, {"room", "#den"}})["ok"], true);
  const std::uint64_t not_there_yet = sleeps_by_speaking(speaker, "#den", worker);
  ASSERT_EQ(other.ask({{"op", "join"}, {"room", "#den"}})["ok"], true);
  const std::uint64_t there = sleeps_by_speaking(speaker, "#den", worker);
  ASSERT_EQ(other.ask({{"op", "leave"}, {"room", "#den"}})["ok"], true);
  const std::uint64_t has_left = sleeps_by_speaking(speaker, "#den", worker);
  EXPECT_GT(there, kPacedMessages / 4) << "most messages wake it";
  EXPECT_LT(not_there_yet, there / 4);
  EXPECT_LT(has_left, there / 4);
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
