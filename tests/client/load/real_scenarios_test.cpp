// accounts, churn and idle as programs against the real server, in each of its shapes: clean runs are clean.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/driven_programs.h"
#include "tests/system/harness/server_process.h"

namespace rookery::load {
namespace {

using system_test::ChildProgram;
using system_test::eventually;
using system_test::kSanitized;
using system_test::ServerProcess;
using test::TemporaryDirectory;
using ::testing::HasSubstr;

using Arguments = std::vector<std::string>;

// The result of `rookery-load ARGUMENTS --json`, which must end well.
nlohmann::json run_clean(const ServerProcess& server, Arguments arguments) {
  const TemporaryDirectory files;
  arguments.insert(arguments.begin(), test::program("rookery-load"));
  arguments.insert(arguments.end(), {"127.0.0.1:" + std::to_string(server.port()), "--json"});
  ChildProgram program({.command = arguments, .directory = files.path(), .descriptor_limit = {}, .environment = {}});
  EXPECT_EQ(program.wait(), 0) << program.output() << program.errors();
  nlohmann::json result = nlohmann::json::parse(program.output(), nullptr, false);
  if (!result.is_object()) throw std::runtime_error("no result: " + program.errors());
  EXPECT_EQ(result["ok"], true) << result["faults"];
  EXPECT_GT(result["operations"], 0);
  EXPECT_EQ(result["latency_us"]["count"], result["operations"]);
  return result;
}

struct Shape {
  const char* name;
  Arguments arguments;
};
class Shapes : public ::testing::TestWithParam<Shape> {
 protected:
  ServerProcess server_{GetParam().arguments};
};
INSTANTIATE_TEST_SUITE_P(All, Shapes,
                         ::testing::Values(Shape{"Processes", {"--workers", "4", "--loops", "1"}},
                                           Shape{"Threads", {"--workers", "1", "--loops", "4"}},
                                           Shape{"Mixed", {"--workers", "2", "--loops", "2"}},
                                           Shape{"ThreadPerClient",
                                                 {"--workers", "1", "--model", "thread-per-client"}}),
                         [](const auto& instance) { return instance.param.name; });

// The exercise this project grew out of: half of the clients register while the other half log in, converse, log out.
TEST_P(Shapes, TheCourseExercise) {
  // So many that all have their hashes and come to speak, however busy the machine is.
  const std::string clients = kSanitized ? "24" : "60";
  const nlohmann::json result = run_clean(server_, {"accounts", "--clients", clients, "--seconds", "4"});
  for (const char* kind : {"register", "login", "say", "broadcast", "msg"})
    EXPECT_TRUE(result["latency_of_us"].contains(kind)) << kind << ": " << result["latency_of_us"];
  eventually("all clients have gone", [&] { return server_.client_count() == 0; });
}

TEST_P(Shapes, AccountsInJsonAndOpenLoop) {
  run_clean(server_, {"accounts", "--clients", "12", "--seconds", "1", "--dialect", "json", "--threads", "2"});
  run_clean(server_,
            {"accounts", "--clients", "12", "--seconds", "2", "--dialect", "json", "--rate", kSanitized ? "10" : "40"});
}

TEST_P(Shapes, Churn) {
  for (const char* dialect : {"text", "json"}) {
    run_clean(server_, {"churn", "--clients", "20", "--seconds", "0.5", "--dialect", dialect, "--threads", "2"});
    run_clean(server_, {"churn", "--clients", "20", "--seconds", "0.5", "--dialect", dialect, "--rate", "40"});
  }
  eventually("all visitors have gone", [&] { return server_.client_count() == 0; });
}

TEST_P(Shapes, Idle) {
  const int clients = kSanitized ? 100 : 500;
  for (const char* dialect : {"text", "json"}) {
    const nlohmann::json result =
        run_clean(server_, {"idle", "--clients", std::to_string(clients), "--seconds", "1", "--dialect", dialect,
                            "--server-pid", std::to_string(server_.pid())});
    EXPECT_EQ(result["operations"], clients);
    EXPECT_GT(result["figures"]["server_pss_bytes"], 1 << 20);
    EXPECT_TRUE(result["figures"].contains("server_pss_bytes_per_connection"));
    EXPECT_TRUE(result["figures"].contains("server_context_switches_per_s"));
  }
}

// Guests may not speak: who has logged out is refused, and that is right.
TEST(Scenarios, WhereGuestsMayNotSpeak) {
  const ServerProcess server({"--workers", "2", "--allow-guests", "no"});
  for (const char* dialect : {"text", "json"}) {
    run_clean(server, {"accounts", "--clients", "12", "--seconds", "2", "--dialect", dialect});
    const nlohmann::json visits =
        run_clean(server, {"churn", "--clients", "5", "--seconds", "0.3", "--dialect", dialect});
    EXPECT_THAT(visits["remarks"].dump(), HasSubstr("guests may not speak"));
  }
}

TEST(Scenarios, SilentConnectionsThatTheServerClosesAreAFault) {
  const ServerProcess server({"--idle-timeout", "1"});
  const TemporaryDirectory files;
  ChildProgram program({.command = {test::program("rookery-load"), "idle", "127.0.0.1:" + std::to_string(server.port()),
                                    "--clients", "3", "--seconds", "4", "--json"},
                        .directory = files.path(),
                        .descriptor_limit = {},
                        .environment = {}});
  EXPECT_EQ(program.wait(), 1);
  EXPECT_EQ(nlohmann::json::parse(program.output())["faults"]["closed"], 3);
}

TEST(Scenarios, AProcessThatIsNotThereIsExitCode69) {
  const ServerProcess server;
  const TemporaryDirectory files;
  ChildProgram program({.command = {test::program("rookery-load"), "idle", "127.0.0.1:" + std::to_string(server.port()),
                                    "--server-pid", "2147483647"},
                        .directory = files.path(),
                        .descriptor_limit = {},
                        .environment = {}});
  EXPECT_EQ(program.wait(), 69);
  EXPECT_THAT(program.errors(), HasSubstr("2147483647"));
}

}  // namespace
}  // namespace rookery::load
