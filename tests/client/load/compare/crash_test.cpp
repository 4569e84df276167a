// The server that a comparison starts, a worker's death under load, and the look into the histories afterwards: all
// with the real server.
#include "client/load/compare/crash.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

#include "client/load/compare/experiments.h"
#include "client/load/compare/history_check.h"
#include "client/load/compare/interrupt.h"
#include "client/load/compare/shapes.h"
#include "client/terminal/connection.h"
#include "tests/support/temporary_directory.h"

namespace rookery::load {
namespace {

using namespace std::chrono_literals;

Shape shape(const char* key) {
  return chosen_shapes(4, {key}).front();
}

class StartedServerTest : public ::testing::Test {
 protected:
  StartedServerTest() {
    if (const char* before = std::getenv("TMPDIR")) before_ = before;
    ::setenv("TMPDIR", scratch_.path().c_str(), 1);
  }
  ~StartedServerTest() override {
    before_ ? ::setenv("TMPDIR", before_->c_str(), 1) : ::unsetenv("TMPDIR");
    EXPECT_TRUE(std::filesystem::is_empty(scratch_.path())) << "a directory was left behind";
  }

 private:
  test::TemporaryDirectory scratch_;
  std::optional<std::string> before_;
};

TEST_F(StartedServerTest, HasTheProcessesOfItsShape) {
  StartedServer server(MASTER_PROGRAM, shape("processes"), 100);
  EXPECT_GT(server.start_ms(), 0);
  EXPECT_EQ(server.processes().size(), 6U);  // master, ledger, four workers
  EXPECT_EQ(server.workers().size(), 4U);
  client::Connection connection(server.endpoint());
  EXPECT_TRUE(connection.connect_and_wait());
}

TEST_F(StartedServerTest, TakesNoOptionsFromItsEnvironment) {
  ::setenv("ROOKERY_WORKERS", "3", 1);
  ::setenv("ROOKERY_NONSENSE", "x", 1);
  const StartedServer server(MASTER_PROGRAM, shape("threads"), 100);
  EXPECT_EQ(server.workers().size(), 1U);
  ::unsetenv("ROOKERY_WORKERS");
  ::unsetenv("ROOKERY_NONSENSE");
}

TEST_F(StartedServerTest, IsGoneWhenItIsStopped) {
  StartedServer server(MASTER_PROGRAM, shape("mixed"), 100);
  const std::vector<pid_t> processes = server.processes();
  server.stop();
  for (const pid_t pid : processes) EXPECT_FALSE(std::filesystem::exists("/proc/" + std::to_string(pid))) << pid;
  client::Connection connection(server.endpoint());
  EXPECT_FALSE(connection.connect_and_wait());
}

// An interrupt that comes while the server still starts, or never will.
TEST_F(StartedServerTest, IsGivenUpWhenItIsInterrupted) {
  const test::TemporaryDirectory files;
  const std::filesystem::path program = files.path() / "never-ready";
  std::ofstream(program) << "#!/bin/sh\nexec sleep 60\n";
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  const InterruptWatch watch;
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGINT;
  timer_t timer{};
  ASSERT_EQ(::timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
  const itimerspec soon{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_nsec = 300'000'000}};
  ASSERT_EQ(::timer_settime(timer, 0, &soon, nullptr), 0);
  EXPECT_THROW(StartedServer(program, shape("threads"), 100), Interrupted);
  ::timer_delete(timer);
}

TEST_F(StartedServerTest, MemoryIsThatOfItsProcessesAndTheirPageTables) {
  const StartedServer server(MASTER_PROGRAM, shape("processes"), 100);
  for (const std::uint32_t clients : {0U, 10U}) {
    Sample sample;
    measure_memory(server, clients, sample);
    EXPECT_GT(sample.figures.at("page_tables_bytes"), 0) << clients;
    EXPECT_LT(sample.figures.at("page_tables_bytes"), sample.figures.at("pss_bytes")) << clients;
  }
}

// Waits for their end.
void expect_ended(const StartedServer& server, const std::vector<WorkerRow>& before, std::ptrdiff_t expected) {
  const auto has_ended = [&](const WorkerRow& row) {
    const std::vector<pid_t> now = server.processes();
    return std::ranges::find(now, row.pid) == now.end();
  };
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (std::ranges::count_if(before, has_ended) < expected && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(10ms);
  EXPECT_EQ(std::ranges::count_if(before, has_ended), expected) << "workers that were killed";
}

CrashPlan short_plan() {
  return {.clients = 100, .interval = 50ms, .warm_up = 200ms, .before = 200ms, .after = 600ms};
}

void expect_all_is_kept(const Sample& sample) {
  EXPECT_EQ(sample.failures, std::vector<std::string>{});
  EXPECT_EQ(sample.figures.at("lost"), 0);
  EXPECT_EQ(sample.figures.at("cut_off"), 0) << "connections outlive their worker";
  EXPECT_EQ(sample.figures.at("unanswered"), 0);
  EXPECT_GT(sample.figures.at("pause_max_ms"), 0);
}

TEST_F(StartedServerTest, OneOfSeveralProcessesHasItsShareOfTheClients) {
  StartedServer server(MASTER_PROGRAM, shape("processes"), 300);
  const std::vector<WorkerRow> before = server.workers();
  Sample sample;
  measure_crash(server, short_plan(), 6, sample);
  expect_ended(server, before, 1);
  expect_all_is_kept(sample);
  EXPECT_GT(sample.figures.at("killed_of"), 0);
  EXPECT_LT(sample.figures.at("killed_of"), 100);
}

TEST_F(StartedServerTest, TheOnlyProcessHasAllClients) {
  StartedServer server(MASTER_PROGRAM, shape("threads"), 300);
  const std::vector<WorkerRow> before = server.workers();
  Sample sample;
  measure_crash(server, short_plan(), 0, sample);
  expect_ended(server, before, 1);
  expect_all_is_kept(sample);
  EXPECT_EQ(sample.figures.at("killed_of"), 100);
}

// Says it in #room and returns its seq.
std::uint64_t say(client::Connection& connection, const std::string& text) {
  connection.send_line(R"({"op":"say","id":7,"room":"#room","text":")" + text + "\"}");
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (std::chrono::steady_clock::now() < deadline) {
    while (const std::optional<std::string> line = connection.next_line()) {
      const nlohmann::json answer = nlohmann::json::parse(*line);
      if (answer.contains("re") && answer.value("id", 0) == 7) return answer.at("seq").get<std::uint64_t>();
    }
    pollfd waited{connection.fd(), connection.poll_events(), 0};
    if (::poll(&waited, 1, 100) > 0) connection.on_ready(waited.revents);
  }
  throw std::runtime_error("no answer");
}

TEST_F(StartedServerTest, HistoryCheckFindsWhatIsMissing) {
  StartedServer server(MASTER_PROGRAM, shape("threads"), 100);
  client::Connection connection(server.endpoint());
  ASSERT_TRUE(connection.connect_and_wait());
  connection.send_line(R"({"op":"join","id":1,"room":"#room"})");
  const std::uint64_t one = say(connection, "one");
  const std::uint64_t two = say(connection, "two");

  EXPECT_EQ(check_history(server.endpoint(), {{"#room", one, "one"}, {"#room", two, "two"}}).lost, 0U);
  EXPECT_EQ(check_history(server.endpoint(), {{"#room", one, "one"}, {"#room", two + 1, "three"}}).lost, 1U);
  EXPECT_EQ(check_history(server.endpoint(), {{"#room", two, "one"}}).lost, 1U);
  EXPECT_EQ(check_history(server.endpoint(), {{"#nowhere", one, "one"}}).lost, 1U);

  const std::uint64_t again = say(connection, "two");
  for (const std::uint64_t seq : {two, again}) {
    const HistoryVerdict verdict = check_history(server.endpoint(), {{"#room", seq, "two"}});
    EXPECT_EQ(verdict.doubled, 1U) << seq;
    EXPECT_EQ(verdict.lost, 0U) << seq;
  }
}

}  // namespace
}  // namespace rookery::load
