// What the command line alone decides: help, version, and every way to get it wrong (exit code 64).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "master/options/settings.h"
#include "tests/master/options/parse.h"

namespace rookery::master {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class CommandLineTest : public OptionsTest {
 protected:
  [[nodiscard]] std::string printed(const std::vector<std::string>& arguments) const {
    const ParseResult result = parse(arguments);
    const Exit* exit = std::get_if<Exit>(&result);
    if (exit == nullptr || exit->code != 0 || !exit->err.empty()) {
      ADD_FAILURE() << "no quiet exit 0";
      return {};
    }
    return exit->out;
  }
};

TEST_F(CommandLineTest, HelpNamesEveryOptionItsVariableAndItsDefault) {
  const std::string help = printed({"--help"});
  EXPECT_THAT(help, StartsWith("Rookery, a group-chat server"));
  EXPECT_THAT(help, HasSubstr("Usage: rookery-master [OPTION VALUE]..."));
  for (const Setting& setting : settings()) {
    EXPECT_THAT(help, HasSubstr("  " + setting.flag() + " " + std::string{setting.value_name}));
    EXPECT_THAT(help, HasSubstr("[" + std::string{setting.default_text} + "; " + setting.environment_variable()));
  }
  EXPECT_THAT(help, HasSubstr("ROOKERY_PORT or PORT]"));
  for (const char* part : {"Signals:", "SIGTERM", "Exit codes:", "  69 ", "Example:"}) {
    EXPECT_THAT(help, HasSubstr(part));
  }
  EXPECT_EQ(printed({"-h"}), help);
}

TEST_F(CommandLineTest, HelpFitsATerminal) {
  std::istringstream lines{printed({"--help"})};
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 120U) << line;
}

TEST_F(CommandLineTest, VersionIsOneLine) {
  EXPECT_EQ(printed({"--version"}), "rookery-master " ROOKERY_VERSION "\n");
}

TEST_F(CommandLineTest, HelpAndVersionWorkWhateverElseIsWrong) {
  surroundings.environment["ROOKERY_PORT"] = "nonsense";
  write(".env", "not a setting\n");
  EXPECT_THAT(printed({"--help"}), HasSubstr("Usage:"));
  EXPECT_THAT(printed({"--port", "nonsense", "--version"}), HasSubstr("rookery-master"));
}

TEST_F(CommandLineTest, AnUnknownOptionIsToldWithTheNearestRightOne) {
  expect_exit(64, "rookery-master: unknown option --prot (did you mean --port?)", {"--prot"});
  expect_exit(64, "rookery-master: unknown option --prot (did you mean --port?)", {"--prot", "6000"});
  expect_exit(64, "rookery-master: unknown option --prot (did you mean --port?)", {"--prot=6000"});
  expect_exit(64, "rookery-master: unknown option --max_clients (did you mean --max-clients?)", {"--max_clients=5"});
  expect_exit(64, "rookery-master: unknown option -port (did you mean --port?)", {"-port", "5"});
  expect_exit(64, "rookery-master: unknown option --verison (did you mean --version?)", {"--verison"});
  expect_exit(64, "rookery-master: unknown option --frobnicate (see rookery-master --help)", {"--frobnicate"});
  expect_exit(64, "rookery-master: unknown option -p (see rookery-master --help)", {"-p", "6000"});
}

TEST_F(CommandLineTest, AnUnexpectedArgumentIsRefused) {
  expect_exit(64, "rookery-master: unexpected argument 'start' (see rookery-master --help)", {"start"});
  expect_exit(64, "rookery-master: unexpected argument '6001' (see rookery-master --help)", {"--port", "6000", "6001"});
  expect_exit(64, "rookery-master: unexpected argument 'x' (see rookery-master --help)", {"--", "x"});
}

TEST_F(CommandLineTest, AnOptionWithoutItsValueIsRefused) {
  expect_exit(64, "rookery-master: --port needs a value", {"--port"});
  expect_exit(64, "rookery-master: --port needs a value", {"--workers", "2", "--port="});
  expect_exit(64, "rookery-master: --port: '--host' is not a whole number from 0 to 65535", {"--port", "--host"});
}

TEST_F(CommandLineTest, ABadValueIsAUsageError) {
  expect_exit(64, "rookery-master: --port: '70000' is not a whole number from 0 to 65535", {"--port", "70000"});
  expect_exit(64, "rookery-master: --host: '' is neither a host name nor an address", {"--host", ""});
}

TEST_F(CommandLineTest, ABadCommandLineIsToldBeforeABadConfiguration) {
  surroundings.environment["ROOKERY_LOOPS"] = "nonsense";
  expect_exit(64, "rookery-master: --port: 'x' is not a whole number from 0 to 65535", {"--port", "x"});
}

TEST_F(CommandLineTest, TheLastOfTwoValuesHolds) {
  EXPECT_EQ(accepted({"--port", "6000", "--port=6001"}).port, 6001);
}

TEST_F(CommandLineTest, AllOptionsTogether) {
  const Options options = accepted({"--host=::", "--port",
                                    "0",         "--backlog",
                                    "7",         "--workers",
                                    "3",         "--loops",
                                    "4",         "--pool",
                                    "5",         "--model",
                                    "event",     "--data",
                                    "state dir", "--allow-guests",
                                    "no",        "--log-level",
                                    "debug",     "--max-clients",
                                    "99",        "--shutdown-timeout",
                                    "0.25"});
  EXPECT_EQ(options.host, "::");
  EXPECT_EQ(options.port, 0);
  EXPECT_EQ(options.backlog, 7);
  EXPECT_EQ(options.workers, 3U);
  EXPECT_EQ(options.loops, 4U);
  EXPECT_EQ(options.pool, 5U);
  EXPECT_EQ(options.model, Model::Event);
  EXPECT_EQ(options.data, "state dir");
  EXPECT_EQ(options.allow_guests, false);
  EXPECT_EQ(options.log_level, LogLevel::Debug);
  EXPECT_EQ(options.max_clients, 99U);
  EXPECT_EQ(options.shutdown_timeout, std::chrono::milliseconds{250});
}

TEST_F(CommandLineTest, InThisProcessesSurroundings) {
  EXPECT_EQ(std::get<Exit>(parse_options(std::vector<std::string>{"--version"})).code, 0);
  EXPECT_TRUE(std::holds_alternative<Options>(parse_options(std::vector<std::string>{})));
}

}  // namespace
}  // namespace rookery::master
