// What an operator plans while streams are under way: workers drained, more of them, fewer. Nobody is dropped for it.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/fault/takeover/streams.h"
#include "tests/system/harness/server_process.h"
#include "tests/system/harness/test_client.h"

namespace rookery::system_test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string state_of(const ServerProcess& server, int worker) {
  for (const ProcessRow& row : server.processes())
    if (row.role == "worker" && row.number == worker) return row.state;
  return "none";
}

std::size_t serving(const ServerProcess& server) {
  const auto rows = server.processes();
  return static_cast<std::size_t>(std::ranges::count_if(
      rows, [](const ProcessRow& row) { return row.role == "worker" && row.state == "serving"; }));
}

void expect_exact(const ServerProcess& server, Streams& streams) {
  if (!streams.has_failed()) streams.wait_for_progress(10);
  const StreamsReport report = streams.finish();
  EXPECT_TRUE(report.exact()) << report << doubts_in(server.log());
  EXPECT_EQ(report.too_early, 0u) << "a worker that is asked to go loses nobody";
}

TEST(Takeover, DrainMovesClientsAway) {
  ServerProcess server({"--workers", "3"});
  Streams streams(server.port(), {});
  for (int round = 0; round < 3 && !streams.has_failed(); ++round) {
    streams.wait_for_progress(10);
    const int slot = round % 3;
    EXPECT_THAT(server.console("drain " + std::to_string(slot)), StartsWith("OK drained"));
    EXPECT_EQ(state_of(server, slot), "drained");
    streams.wait_for_progress(10);
    EXPECT_THAT(server.console("scale 3"), StartsWith("OK 3 workers"));
    eventually("it is back", [&] { return serving(server) == 3; });
  }
  expect_exact(server, streams);
}

TEST(Takeover, DrainIsRefusedWhereNobodyElseServes) {
  ServerProcess server({"--workers", "1"});
  TextClient client(server.port());
  EXPECT_THAT(server.console("drain 0"), HasSubstr("ERR "));
  EXPECT_THAT(server.console("drain 7"), HasSubstr("ERR "));
  EXPECT_EQ(client.ask("hello"), "Echo: hello");
}

TEST(Takeover, ScaleUpAndDown) {
  ServerProcess server({"--workers", "2"});
  Streams streams(server.port(), {});
  for (const std::size_t workers : {4u, 1u, 5u, 2u, 3u}) {
    if (streams.has_failed()) break;
    streams.wait_for_progress(10);
    EXPECT_THAT(server.console("scale " + std::to_string(workers)), StartsWith("OK " + std::to_string(workers)));
    eventually("so many serve", [&] { return serving(server) == workers; });
  }
  expect_exact(server, streams);
}

TEST(Takeover, ScaleBySignals) {
  ServerProcess server({"--workers", "2"});
  Streams streams(server.port(), {});
  streams.wait_for_progress(10);
  server.program().signal(SIGTTIN);
  eventually("one more", [&] { return serving(server) == 3; });
  streams.wait_for_progress(10);
  for (const std::size_t left : {2u, 1u}) {
    server.program().signal(SIGTTOU);
    eventually("one less", [&] { return serving(server) == left; });
  }
  expect_exact(server, streams);
}

}  // namespace
}  // namespace rookery::system_test
