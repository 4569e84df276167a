// Which of command line, environment, .env and configuration file decides, and what each says when it is wrong (78).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/master/options/parse.h"

namespace rookery::master {
namespace {

class SourcesTest : public OptionsTest {};

TEST_F(SourcesTest, TheStrongerSourceDecides) {
  write("rookery.conf", "port = 1\nhost = conf\nworkers = 4\n");
  EXPECT_EQ(accepted({"--config", "rookery.conf"}).port, 1);
  write(".env", "ROOKERY_PORT=2\nROOKERY_WORKERS=3\n");
  EXPECT_EQ(accepted({"--config", "rookery.conf"}).port, 2);
  surroundings.environment["ROOKERY_PORT"] = "3";
  EXPECT_EQ(accepted({"--config", "rookery.conf"}).port, 3);

  const Options options = accepted({"--config", "rookery.conf", "--port", "4"});
  EXPECT_EQ(options.port, 4);
  EXPECT_EQ(options.workers, 3U);
  EXPECT_EQ(options.host, "conf");
  EXPECT_EQ(options.backlog, 1024);
}

TEST_F(SourcesTest, EveryOptionHasAVariable) {
  surroundings.environment = {
      {"ROOKERY_HOST", "::1"},      {"ROOKERY_PORT", "1"},        {"ROOKERY_BACKLOG", "2"},
      {"ROOKERY_WORKERS", "3"},     {"ROOKERY_LOOPS", "4"},       {"ROOKERY_POOL", "5"},
      {"ROOKERY_MODEL", "event"},   {"ROOKERY_DATA", "/d"},       {"ROOKERY_ALLOW_GUESTS", "no"},
      {"ROOKERY_LOG_LEVEL", "off"}, {"ROOKERY_MAX_CLIENTS", "6"}, {"ROOKERY_SHUTDOWN_TIMEOUT", "7"}};
  const Options options = accepted();
  EXPECT_EQ(options.host, "::1");
  EXPECT_EQ(options.port, 1);
  EXPECT_EQ(options.backlog, 2);
  EXPECT_EQ(options.workers, 3U);
  EXPECT_EQ(options.loops, 4U);
  EXPECT_EQ(options.pool, 5U);
  EXPECT_EQ(options.data, "/d");
  EXPECT_EQ(options.allow_guests, false);
  EXPECT_EQ(options.log_level, LogLevel::Off);
  EXPECT_EQ(options.max_clients, 6U);
  EXPECT_EQ(options.shutdown_timeout, std::chrono::milliseconds{7000});
}

TEST_F(SourcesTest, HostAndPortAloneAreUnderstood) {
  surroundings.environment = {{"HOST", "0.0.0.0"}, {"PORT", "8080"}};
  EXPECT_EQ(accepted().host, "0.0.0.0");
  EXPECT_EQ(accepted().port, 8080);
  surroundings.environment["ROOKERY_PORT"] = "9090";
  EXPECT_EQ(accepted().port, 9090);
  // A real PORT is stronger than a ROOKERY_PORT in .env: first the source counts, then the name.
  surroundings.environment.erase("ROOKERY_PORT");
  write(".env", "ROOKERY_PORT=7070\n");
  EXPECT_EQ(accepted().port, 8080);
  surroundings.environment.clear();
  write(".env", "PORT=6060\nROOKERY_PORT=7070\nHOST=::1\n");
  EXPECT_EQ(accepted().port, 7070);
  EXPECT_EQ(accepted().host, "::1");
}

TEST_F(SourcesTest, OtherBareNamesAreNotOurs) {
  surroundings.environment = {{"WORKERS", "nonsense"}, {"DATA", "/elsewhere"}, {"ROOKERY_FUTURE", "x"}};
  EXPECT_NE(accepted().data, "/elsewhere");
}

TEST_F(SourcesTest, AVariableThatIsNoneOfOursIsDoubted) {
  surroundings.environment = {{"ROOKERY_WROKERS", "s3cret"}, {"ROOKERY_PORT", "1"}, {"WROKERS", "2"}};
  write(".env", "ROOKERY_HSOT=::1\nROOKERY_QUXX=1\n");
  const std::vector<std::string> doubts = accepted().doubts;
  ASSERT_EQ(doubts.size(), 3U);
  EXPECT_EQ(doubts[0], "environment variable ROOKERY_WROKERS means nothing here (did you mean ROOKERY_WORKERS?)");
  EXPECT_EQ(doubts[1], ".env:1: ROOKERY_HSOT means nothing here (did you mean ROOKERY_HOST?)");
  EXPECT_TRUE(doubts[2].starts_with(".env:2: ROOKERY_QUXX means nothing here")) << doubts[2];
}

TEST_F(SourcesTest, AnEmptyVariableCountsAsUnset) {
  surroundings.environment = {{"ROOKERY_PORT", ""}, {"PORT", "8080"}, {"ROOKERY_POOL", ""}};
  write(".env", "ROOKERY_POOL=9\nROOKERY_LOOPS=\n");
  EXPECT_EQ(accepted().port, 8080);
  EXPECT_EQ(accepted().pool, 9U);
  EXPECT_EQ(accepted().loops, 1U);
}

TEST_F(SourcesTest, ABadVariableIsNamed) {
  surroundings.environment = {{"PORT", "abc"}};
  expect_exit(78, "rookery-master: environment variable PORT: 'abc' is not a whole number from 0 to 65535");
  surroundings.environment = {{"PORT", "80"}, {"ROOKERY_PORT", "-1"}};
  expect_exit(78, "rookery-master: environment variable ROOKERY_PORT: '-1' is not a whole number from 0 to 65535");
  surroundings.environment = {{"ROOKERY_MODEL", "magic"}};
  expect_exit(78,
              "rookery-master: environment variable ROOKERY_MODEL: 'magic' is no model; there are event and "
              "thread-per-client");
}

TEST_F(SourcesTest, AVariableThatIsOverriddenNeedNotBeRight) {
  surroundings.environment = {{"PORT", "abc"}};
  EXPECT_EQ(accepted({"--port", "6000"}).port, 6000);
}

TEST_F(SourcesTest, ABadLineOfDotenvIsNamed) {
  write(".env", "# ours\nROOKERY_WORKERS=2\nPORT=99999\n");
  expect_exit(78, "rookery-master: .env:3: PORT: '99999' is not a whole number from 0 to 65535");
  write(".env", "ROOKERY_WORKERS 2\n");
  expect_exit(78, "rookery-master: .env:1: expected KEY=VALUE");
}

TEST_F(SourcesTest, DotenvMaySpeakToOthersToo) {
  write(".env", "DATABASE_URL='postgres://x'\nexport ROOKERY_PORT=\"6000\" # ours\nPORTS=1\nROOKERY_PROT=7\n");
  EXPECT_EQ(accepted().port, 6000);
  EXPECT_EQ(std::getenv("DATABASE_URL"), nullptr);
  EXPECT_EQ(std::getenv("ROOKERY_PORT"), nullptr);
}

TEST_F(SourcesTest, TheLastOfTwoLinesOfDotenvHoldsAsInAShell) {
  write(".env", "PORT=1\nPORT=2\n");
  EXPECT_EQ(accepted().port, 2);
}

TEST_F(SourcesTest, ADirectoryCalledDotenvIsSomebodyElses) {
  std::filesystem::create_directory(surroundings.directory / ".env");
  EXPECT_EQ(accepted().port, 5000);
}

TEST_F(SourcesTest, AnUnreadableDotenvIsToldAndNotPassedOver) {
  if (geteuid() == 0) GTEST_SKIP() << "root can read everything";
  write(".env", "PORT=1\n");
  std::filesystem::permissions(surroundings.directory / ".env", std::filesystem::perms::none);
  expect_exit(78, "rookery-master: cannot read .env: Permission denied");
}

TEST_F(SourcesTest, TheConfigurationFileTakesEveryOption) {
  write(
      "rookery.conf",
      "# Rookery\r\nhost = \"0.0.0.0\"  # all\r\nport = 6000\nbacklog = 2\nworkers = 3\nloops = 4\npool = 5\n"
      "model = event\ndata = 'my data'\nallow-guests = yes\nlog-level = warn\nmax-clients = 6\nshutdown-timeout = 0.5");
  const Options options = accepted({"--config", "rookery.conf"});
  EXPECT_EQ(options.host, "0.0.0.0");
  EXPECT_EQ(options.port, 6000);
  EXPECT_EQ(options.data, "my data");
  EXPECT_EQ(options.max_clients, 6U);
  EXPECT_EQ(options.shutdown_timeout, std::chrono::milliseconds{500});
  EXPECT_EQ(options.config, "rookery.conf");
  EXPECT_TRUE(options.guests_allowed());
}

TEST_F(SourcesTest, TheConfigurationFileMayBeNamedByVariable) {
  write("rookery.conf", "port = 6000\n");
  surroundings.environment = {{"ROOKERY_CONFIG", (surroundings.directory / "rookery.conf").string()}};
  EXPECT_EQ(accepted().port, 6000);
  surroundings.environment.clear();
  write(".env", "ROOKERY_CONFIG=rookery.conf\n");
  EXPECT_EQ(accepted().port, 6000);
}

TEST_F(SourcesTest, AMissingConfigurationFileIsAnError) {
  expect_exit(78, "rookery-master: cannot read missing.conf: No such file or directory", {"--config", "missing.conf"});
  expect_exit(78, "rookery-master: cannot read .: Is a directory", {"--config", "."});
  expect_exit(64, "rookery-master: --config: an empty path", {"--config", ""});
}

TEST_F(SourcesTest, AnUnknownKeyIsToldWithTheNearestRightOne) {
  const std::vector<std::string> arguments{"--config", "c"};
  write("c", "host = ::1\nprot = 6000\n");
  expect_exit(78, "rookery-master: c:2: unknown key 'prot' (did you mean 'port'?)", arguments);
  write("c", "max_clients = 5\n");
  expect_exit(78, "rookery-master: c:1: unknown key 'max_clients' (did you mean 'max-clients'?)", arguments);
  write("c", "frobnicate = 5\n");
  expect_exit(78, "rookery-master: c:1: unknown key 'frobnicate' (see rookery-master --help)", arguments);
  write("c", "config = other\n");
  expect_exit(78, "rookery-master: c:1: unknown key 'config' (see rookery-master --help)", arguments);
}

TEST_F(SourcesTest, ABadConfigurationFileNamesFileAndLine) {
  const std::vector<std::string> arguments{"--config", "c"};
  write("c", "\nport = 70000\n");
  expect_exit(78, "rookery-master: c:2: port: '70000' is not a whole number from 0 to 65535", arguments);
  write("c", "port =\n");
  expect_exit(78, "rookery-master: c:1: port: '' is not a whole number from 0 to 65535", arguments);
  write("c", "port = 1\nhost = ::1\nport = 2\n");
  expect_exit(78, "rookery-master: c:3: port: stands in line 1 already", arguments);
  write("c", "[rookery]\nport = 1\n");
  expect_exit(78, "rookery-master: c:1: expected KEY=VALUE", arguments);
}

TEST_F(SourcesTest, AConfigurationFileIsJudgedWholeEvenWhereItIsOverridden) {
  write("c", "port = 70000\n");
  expect_exit(78, "rookery-master: c:1: port: '70000' is not a whole number from 0 to 65535",
              {"--config", "c", "--port", "1"});
}

TEST(DataDirectory, FollowsTheEnvironmentOfTheUser) {
  const std::vector<std::string> none;
  const auto data = [&] { return std::get<Options>(parse_options(none, Surroundings{})).data; };
  const TemporaryVariable home{"HOME", "/home/somebody"};
  const TemporaryVariable own{"ROOKERY_DATA", nullptr};
  const TemporaryVariable no_state{"XDG_STATE_HOME", nullptr};
  EXPECT_EQ(data(), "/home/somebody/.local/state/rookery");
  const TemporaryVariable state{"XDG_STATE_HOME", "/state"};
  EXPECT_EQ(data(), "/state/rookery");
}

TEST(DataDirectory, IsAskedForWhenTheUserHasNoHome) {
  const TemporaryVariable no_home{"HOME", nullptr};
  const TemporaryVariable own{"ROOKERY_DATA", nullptr};
  const TemporaryVariable no_state{"XDG_STATE_HOME", nullptr};
  const std::vector<std::string> none;
  const Exit exit = std::get<Exit>(parse_options(none, Surroundings{}));
  EXPECT_EQ(exit.code, 78);
  EXPECT_EQ(exit.err, "rookery-master: HOME is not set: name the data directory with --data or ROOKERY_DATA\n");
}

TEST(ThisProcess, GivesItsEnvironmentAndItsDirectory) {
  std::string pattern = (std::filesystem::temp_directory_path() / "rookery-options-XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  std::ofstream{std::filesystem::path{pattern} / ".env"} << "ROOKERY_POOL=7\nROOKERY_LOOPS=7\n";
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(pattern);
  const TemporaryVariable loops{"ROOKERY_LOOPS", "3"};
  const ParseResult result = parse_options(std::vector<std::string>{});
  std::filesystem::current_path(before);
  std::filesystem::remove_all(pattern);
  EXPECT_EQ(std::get<Options>(result).pool, 7U);
  EXPECT_EQ(std::get<Options>(result).loops, 3U);
}

}  // namespace
}  // namespace rookery::master
