// The end in good order, asked for in three ways, and the end that must be forced.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/system/harness/load.h"
#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

enum class Way { Term, Int, Exit };

class CleanStop : public testing::TestWithParam<Way> {};

TEST_P(CleanStop, UnderLoad) {
  const TemporaryDirectory data;
  std::unique_ptr<Load> load;
  {
    ServerProcess server(data, {"--workers", "2", "--shutdown-timeout", "30"});
    TextClient idle(server.port());
    idle.sync();
    TextClient silent(server.port());  // has not said anything, so has no dialect
    load = std::make_unique<Load>(server.port(), 6);
    load->wait_for_progress(20);
    switch (GetParam()) {
      case Way::Term:
        server.program().signal(SIGTERM);
        break;
      case Way::Int:
        server.program().signal(SIGINT);
        break;
      case Way::Exit:
        EXPECT_EQ(server.console("exit"), "OK stopping\n");
    }
    load->wait_until_closed();
    idle.read_to_end();
    idle.close();
    EXPECT_THAT(idle.events(), testing::Contains(testing::StartsWith("[!] ")));
    silent.read_to_end();
    silent.close();
    EXPECT_TRUE(silent.lines().empty());
    ASSERT_TRUE(server.program().wait().has_value());
  }
  for (const auto& poster : load->posters()) {
    EXPECT_TRUE(poster->was_closed()) << poster->name();
    EXPECT_TRUE(poster->was_told()) << poster->name();
  }
  const ServerProcess again(data, {"--workers", "2"});
  check_promises(*load, whole_history(again.port(), "#lobby"));
}

std::string way_name(const testing::TestParamInfo<Way>& way) {
  if (way.param == Way::Exit) return "ConsoleExit";
  return way.param == Way::Term ? "SigTerm" : "SigInt";
}
INSTANTIATE_TEST_SUITE_P(Ways, CleanStop, testing::Values(Way::Term, Way::Int, Way::Exit), way_name);

TEST(Stop, WithAClientThatDoesNotRead) {
  const TemporaryDirectory data;
  ServerProcess server(data, {"--workers", "2", "--shutdown-timeout", "10"});
  JsonClient slow(server.port(), {.receive_buffer_bytes = 16 * 1024});
  slow.sync();
  TextClient sender(server.port());
  const std::string text(8000, 'x');
  for (int i = 0; i < 1000; ++i) static_cast<void>(sender.ask("/broadcast " + text));
  server.stop();  // in time, exit 0
}

TEST(ForcedStop, WithAStoppedLedgerLosesNothing) {
  const TemporaryDirectory data;
  std::unique_ptr<Load> load;
  {
    ServerProcess server(data, {"--workers", "2", "--shutdown-timeout", "1"});
    server.expect_exit_code(70);
    load = std::make_unique<Load>(server.port(), 4);
    load->wait_for_progress(20);
    freeze(server.ledger_pid());
    server.stop();
    load->finish();
  }
  const ServerProcess again(data, {"--workers", "2"});
  check_promises(*load, whole_history(again.port(), "#lobby"));
}

TEST(Stop, EndOfStandardInputIsNone) {
  ServerProcess server({"--workers", "1"});
  server.program().close_input();
  TextClient client(server.port());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.ask("hello"), "Echo: hello");
  EXPECT_EQ(server.console("count"), "OK 1 clients\n");
}

}  // namespace
}  // namespace rookery::system_test
