// Runs that cannot begin: each says why in words that help.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "client/load/run.h"
#include "tests/client/load/scripted_chat.h"

namespace rookery::load {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string why_not(const client::Endpoint& server, std::uint32_t clients = 3, std::uint32_t threads = 2) {
  LoadPlan plan;
  plan.server = server;
  plan.clients = clients;
  plan.threads = threads;
  plan.duration = 50ms;
  plan.patience = 300ms;
  Observer nobody;
  try {
    (void)run_load(plan, nobody);
  } catch (const CannotRun& error) {
    return error.what();
  }
  return "it ran";
}

TEST(CannotRun, NobodyListens) {
  auto server = std::make_unique<ScriptedChat>();
  const client::Endpoint endpoint = server->endpoint();
  server.reset();
  EXPECT_THAT(why_not(endpoint), AllOf(HasSubstr("cannot connect to 127.0.0.1:"), HasSubstr("refused")));
}

TEST(CannotRun, NoSuchHost) {
  EXPECT_THAT(why_not({.host = "no-such-host.invalid", .port = "5000"}), HasSubstr("cannot find no-such-host.invalid"));
}

TEST(CannotRun, TheServerIsFullAndSaysSo) {
  const ScriptedChat server({.greeting = [](const Line& line) {
    return line.connection == 2 ? Lines{"ERR server-full there are as many clients as this server takes"} : Lines{};
  }});
  EXPECT_THAT(why_not(server.endpoint()), HasSubstr("server-full there are as many clients"));
}

TEST(CannotRun, TheServerClosesWithoutAWord) {
  const ScriptedChat server(
      {.greeting = [](const Line& line) { return line.connection == 2 ? Lines{kCloseIt} : Lines{}; }});
  EXPECT_THAT(why_not(server.endpoint()), AllOf(HasSubstr("closed the connection"), HasSubstr("full")));
}

TEST(CannotRun, TheServerNeverAnswers) {
  const ScriptedChat server(
      {.pong = [](const Line& line) { return line.connection == 2 ? Lines{} : Lines{line.text}; }});
  EXPECT_THAT(why_not(server.endpoint()), HasSubstr("1 of"));
}

TEST(CannotRun, SomethingElseAnswers) {
  const ScriptedChat server({.pong = [](const Line&) { return Lines{"HTTP/1.1 400 Bad Request"}; }});
  EXPECT_THAT(why_not(server.endpoint()), HasSubstr("no Rookery server"));
}

}  // namespace
}  // namespace rookery::load
