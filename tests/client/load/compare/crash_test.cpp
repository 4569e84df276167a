// The server that a comparison starts, a worker's death under load, and the look into the histories afterwards: all
// with the real server.
#include "client/load/compare/crash.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "client/load/compare/history_check.h"
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

CrashPlan short_plan() {
  return {.clients = 100, .interval = 50ms, .warm_up = 200ms, .before = 200ms, .after = 600ms};
}

void expect_all_is_kept(const Sample& sample) {
  EXPECT_EQ(sample.failures, std::vector<std::string>{});
  EXPECT_EQ(sample.figures.at("lost"), 0);
  EXPECT_GT(sample.figures.at("pause_max_ms"), 0);
}

TEST_F(StartedServerTest, OneOfSeveralProcessesTakesItsOwnClientsAlone) {
  StartedServer server(MASTER_PROGRAM, shape("processes"), 300);
  Sample sample;
  measure_crash(server, short_plan(), 6, sample);
  expect_all_is_kept(sample);
  EXPECT_GT(sample.figures.at("killed_of"), 0);
  EXPECT_LT(sample.figures.at("killed_of"), 100);
  EXPECT_LE(sample.figures.at("cut_off"), sample.figures.at("killed_of"));
}

TEST_F(StartedServerTest, TheOnlyProcessHasAllClients) {
  StartedServer server(MASTER_PROGRAM, shape("threads"), 300);
  Sample sample;
  measure_crash(server, short_plan(), 0, sample);
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
  EXPECT_EQ(check_history(server.endpoint(), {{"#room", again, "two"}}).doubled, 1U);
}

}  // namespace
}  // namespace rookery::load
