// Starts that must fail: with the right exit code, words that tell the operator what to do, and nothing left behind.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

using testing::HasSubstr;

TEST(StartErrors, PortInUse) {
  const ServerProcess first({"--workers", "1"});
  const TemporaryDirectory data;
  const std::string port = std::to_string(first.port());
  const FailedStart second = run_server_to_its_end({"--port", port, "--data", data.path().string()});
  EXPECT_EQ(second.exit_code, 69);
  EXPECT_THAT(second.errors, HasSubstr(port));
  EXPECT_EQ(second.output, "");
  TextClient client(first.port());
  EXPECT_EQ(client.ask("hello"), "Echo: hello");
}

TEST(StartErrors, DataDirectoryThatCannotBe) {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "file") << "not a directory";
  const FailedStart start =
      run_server_to_its_end({"--port", "0", "--data", (directory.path() / "file" / "data").string()});
  EXPECT_EQ(start.exit_code, 78);
  EXPECT_THAT(start.errors, HasSubstr("data"));
}

TEST(StartErrors, BadOptions) {
  const FailedStart unknown = run_server_to_its_end({"--wrokers", "3"});
  EXPECT_EQ(unknown.exit_code, 64);
  EXPECT_THAT(unknown.errors, testing::AllOf(HasSubstr("--wrokers"), HasSubstr("--workers")));
  const FailedStart value = run_server_to_its_end({"--workers", "many"});
  EXPECT_EQ(value.exit_code, 64);
  EXPECT_THAT(value.errors, HasSubstr("many"));
}

TEST(StartErrors, BadConfiguration) {
  const TemporaryDirectory directory;
  const auto config = directory.path() / "rookery.conf";
  std::ofstream(config) << "workers = 2\nprot = 5000\n";
  const FailedStart start = run_server_to_its_end({"--config", config.string(), "--data", directory.path().string()});
  EXPECT_EQ(start.exit_code, 78);
  EXPECT_THAT(start.errors, testing::AllOf(HasSubstr("prot"), HasSubstr("rookery.conf")));
  const FailedStart missing = run_server_to_its_end({"--config", (directory.path() / "none").string()});
  EXPECT_EQ(missing.exit_code, 78);
}

TEST(StartErrors, DamagedStore) {
  const TemporaryDirectory data;
  {
    const ServerProcess server(data, {"--workers", "1"});
    make_account(server, "alice");
  }
  const auto store = data.path() / "rookery.db";
  std::filesystem::resize_file(store, std::filesystem::file_size(store) / 2);
  const FailedStart start = run_server_to_its_end({"--port", "0", "--data", data.path().string(), "--workers", "1"});
  EXPECT_NE(start.exit_code, 0);
  EXPECT_THAT(start.errors, HasSubstr(store.filename().string()));
}

TEST(StartErrors, TooFewDescriptors) {
  const TemporaryDirectory data;
  const FailedStart start =
      run_server_to_its_end({"--port", "0", "--data", data.path().string(), "--max-clients", "5000"}, 1024);
  EXPECT_EQ(start.exit_code, 78);
  EXPECT_THAT(start.errors, testing::AllOf(HasSubstr("5000"), HasSubstr("1024")));
}

TEST(StartErrors, HelpAndVersionAreNone) {
  const FailedStart help = run_server_to_its_end({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.output, HasSubstr("--allow-guests"));
  EXPECT_EQ(run_server_to_its_end({"--version"}).exit_code, 0);
}

}  // namespace
}  // namespace rookery::system_test
