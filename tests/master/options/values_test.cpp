// Which values each option takes, what it says to others, and the defaults.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <sstream>
#include <utility>

#include "tests/master/options/parse.h"

namespace rookery::master {
namespace {

using std::chrono::milliseconds;

class ValuesTest : public OptionsTest {};

TEST_F(ValuesTest, DefaultsAreThoseOfTheHelp) {
  const Options options = accepted();
  EXPECT_EQ(options.host, "127.0.0.1");
  EXPECT_EQ(options.port, 5000);
  EXPECT_EQ(options.backlog, 1024);
  EXPECT_GE(options.workers, 1U);
  EXPECT_LE(options.workers, 64U);
  EXPECT_EQ(options.loops, 1U);
  EXPECT_EQ(options.pool, 2U);
  EXPECT_EQ(options.model, Model::Event);
  EXPECT_FALSE(options.data.empty());
  EXPECT_EQ(options.allow_guests, std::nullopt);
  EXPECT_EQ(options.log_level, LogLevel::Info);
  EXPECT_EQ(options.max_clients, std::nullopt);
  EXPECT_EQ(options.max_clients_per_address, 64U);
  EXPECT_EQ(options.max_line_rate, std::nullopt);
  EXPECT_FALSE(options.limit_loopback);
  EXPECT_EQ(options.login_grace, milliseconds{60000});
  EXPECT_EQ(options.idle_timeout, milliseconds{0});
  EXPECT_EQ(options.max_queued, 524288U);
  EXPECT_EQ(options.max_rooms, 128U);
  EXPECT_EQ(options.max_rooms_per_address, 256U);
  EXPECT_EQ(options.max_stored_per_address, 67108864U);
  EXPECT_EQ(options.sandbox, Sandbox::On);
  EXPECT_EQ(options.shutdown_timeout, milliseconds{5000});
  EXPECT_EQ(options.config, std::nullopt);
}

TEST_F(ValuesTest, WholeNumbersAreTakenToTheirBoundsAndNoFurther) {
  struct Range {
    std::string flag;
    long lowest, highest;
  };
  const std::array<Range, 12> ranges{{{"--port", 0, 65535},
                                      {"--workers", 1, 64},
                                      {"--max-workers", 1, 64},
                                      {"--loops", 1, 64},
                                      {"--pool", 1, 64},
                                      {"--backlog", 1, 65535},
                                      {"--max-clients", 1, 1000000},
                                      {"--max-clients-per-address", 0, 60000},
                                      {"--max-line-rate", 0, 1000000},
                                      {"--max-queued", 131072, 8388608},
                                      {"--max-rooms", 1, 131},
                                      {"--max-rooms-per-address", 0, 16384}}};
  for (const auto& [flag, lowest, highest] : ranges) {
    EXPECT_TRUE(std::holds_alternative<Options>(parse({flag, std::to_string(lowest)}))) << flag;
    EXPECT_TRUE(std::holds_alternative<Options>(parse({flag, std::to_string(highest)}))) << flag;
    for (const std::string& bad :
         {std::to_string(lowest - 1), std::to_string(highest + 1), std::string{"x"}, std::string{"5x"},
          std::string{"1.5"}, std::string{" 5"}, std::string{"0x10"}, std::string{"99999999999999999999"}}) {
      std::ostringstream line;
      line << "rookery-master: " << flag << ": '" << bad << "' is not a whole number from " << lowest << " to "
           << highest;
      expect_exit(64, line.str(), {flag, bad});
    }
  }
}

TEST_F(ValuesTest, LoopsInAllAreBounded) {
  EXPECT_EQ(accepted({"--workers", "64", "--loops", "4"}).workers, 64U);
  expect_exit(64, "rookery-master: 64 workers (--workers) of 5 loops (--loops) make 320 loops; 256 in all are the most",
              {"--workers", "64", "--loops", "5"});
  surroundings.environment["ROOKERY_WORKERS"] = "64";
  expect_exit(78,
              "rookery-master: 64 workers (environment variable ROOKERY_WORKERS) of 5 loops (--loops) make 320 loops; "
              "256 in all are the most",
              {"--loops", "5"});
}

TEST_F(ValuesTest, PlacesForWorkersAreTwiceAsManyUnlessTold) {
  EXPECT_EQ(accepted({"--workers", "1"}).max_workers, 16U);
  EXPECT_EQ(accepted({"--workers", "8"}).max_workers, 16U);
  EXPECT_EQ(accepted({"--workers", "12"}).max_workers, 24U);
  EXPECT_EQ(accepted({"--workers", "60"}).max_workers, 64U);
  EXPECT_EQ(accepted({"--workers", "4", "--loops", "32"}).max_workers, 8U) << "256 loops in all";
  EXPECT_EQ(accepted({"--workers", "3", "--max-workers", "3"}).max_workers, 3U);
  EXPECT_EQ(accepted({"--max-workers", "1"}).workers, 1U) << "the default gives way";
  expect_exit(64, "rookery-master: 3 workers (--workers) are more than the 2 there may be (--max-workers)",
              {"--workers", "3", "--max-workers", "2"});
  expect_exit(64,
              "rookery-master: 64 workers (--max-workers) of 5 loops (--loops) make 320 loops; 256 in all are the most",
              {"--workers", "2", "--max-workers", "64", "--loops", "5"});
  surroundings.environment["ROOKERY_MAX_WORKERS"] = "2";
  expect_exit(78,
              "rookery-master: 3 workers (--workers) are more than the 2 there may be (environment variable "
              "ROOKERY_MAX_WORKERS)",
              {"--workers", "3"});
}

TEST_F(ValuesTest, TheDefaultNumberOfWorkersGivesWayToManyLoops) {
  const Options options = accepted({"--loops", "64"});
  EXPECT_LE(options.workers * options.loops, kMaxLoopsInAll);
}

TEST_F(ValuesTest, ShutdownTimeoutIsSecondsWithAFraction) {
  EXPECT_EQ(accepted({"--shutdown-timeout", "0.1"}).shutdown_timeout, milliseconds{100});
  EXPECT_EQ(accepted({"--shutdown-timeout", "2"}).shutdown_timeout, milliseconds{2000});
  EXPECT_EQ(accepted({"--shutdown-timeout", "3600"}).shutdown_timeout, milliseconds{3600000});
  for (const std::string bad : {"0", "0.09", "3600.1", "-1", "nan", "inf", "5s", "1e2", "soon"}) {
    expect_exit(64, "rookery-master: --shutdown-timeout: '" + bad + "' is not a number of seconds from 0.1 to 3600",
                {"--shutdown-timeout", bad});
  }
}

TEST_F(ValuesTest, WhatIsKeptHasUnits) {
  EXPECT_EQ(accepted().history_age.count(), 0);
  EXPECT_EQ(accepted().history_size, 0U);
  using std::chrono::hours;
  EXPECT_EQ(accepted({"--history-age", "30d"}).history_age, hours{24 * 30});
  EXPECT_EQ(accepted({"--history-age", "90"}).history_age, milliseconds{90'000});
  EXPECT_EQ(accepted({"--history-age", "0"}).history_age.count(), 0);
  EXPECT_EQ(accepted({"--history-size", "500M"}).history_size, 500ULL << 20);
  EXPECT_EQ(accepted({"--history-size", "20G"}).history_size, 20ULL << 30);
  for (const char* bad : {"", "d", "-1d", "3w", "30 d", "40000d", "1.5h", "99999999999999999999s"})
    EXPECT_TRUE(std::holds_alternative<Exit>(parse({"--history-age", bad}))) << bad;
  for (const char* bad : {"1", "100K", "1X", "M", "99999999G", "18446744073709551615G"})
    EXPECT_TRUE(std::holds_alternative<Exit>(parse({"--history-size", bad}))) << bad;
}

TEST_F(ValuesTest, WhatHasAWrongUnitIsToldTheRightOnes) {
  expect_exit(64, "rookery-master: --history-age: '3w' is none of 90s, 15m, 12h, 30d, up to 36500d; 0: no limit",
              {"--history-age", "3w"});
}

TEST_F(ValuesTest, ThereAreTwoModels) {
  EXPECT_EQ(accepted({"--model", "event"}).model, Model::Event);
  EXPECT_EQ(accepted({"--model", "thread-per-client"}).model, Model::ThreadPerClient);
  EXPECT_EQ(accepted({"--sandbox", "off"}).sandbox, Sandbox::Off);
  EXPECT_EQ(accepted({"--sandbox", "required"}).sandbox, Sandbox::Required);
  expect_exit(64, "rookery-master: --sandbox: 'maybe' is none of on, off, required", {"--sandbox", "maybe"});
  expect_exit(64, "rookery-master: --model: 'magic' is no model; there are event and thread-per-client",
              {"--model", "magic"});
}

TEST_F(ValuesTest, LogLevelsAreThoseOfSpdlog) {
  const std::array<std::pair<const char*, LogLevel>, 10> levels{{{"trace", LogLevel::Trace},
                                                                 {"debug", LogLevel::Debug},
                                                                 {"info", LogLevel::Info},
                                                                 {"INFO", LogLevel::Info},
                                                                 {"warn", LogLevel::Warning},
                                                                 {"warning", LogLevel::Warning},
                                                                 {"err", LogLevel::Error},
                                                                 {"error", LogLevel::Error},
                                                                 {"critical", LogLevel::Critical},
                                                                 {"off", LogLevel::Off}}};
  for (const auto& [word, level] : levels) EXPECT_EQ(accepted({"--log-level", word}).log_level, level) << word;
  expect_exit(64, "rookery-master: --log-level: 'loud' is none of trace, debug, info, warning, error, critical, off",
              {"--log-level", "loud"});
}

TEST_F(ValuesTest, HostsMayStandInBrackets) {
  EXPECT_EQ(accepted({"--host", "[::1]"}).host, "::1");
  EXPECT_EQ(accepted({"--host", "chat.example.org"}).host, "chat.example.org");
  for (const std::string bad : {"two words", "tab\there", " "}) {
    expect_exit(64, "rookery-master: --host: '" + bad + "' is neither a host name nor an address", {"--host", bad});
  }
}

TEST_F(ValuesTest, MetricsAreSomewhereOrOff) {
  EXPECT_EQ(accepted().metrics, "");
  EXPECT_EQ(accepted({"--metrics", "off"}).metrics, "");
  for (const char* good : {"127.0.0.1:9100", "[::1]:0", "metrics.example.org:80", "unix:/run/m.sock"})
    EXPECT_EQ(accepted({"--metrics", good}).metrics, good);
  for (const std::string bad : {"9100", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", ":9100", "::1:9100", "unix:"}) {
    expect_exit(64, "rookery-master: --metrics: '" + bad + "' is neither ADDRESS:PORT nor unix:PATH nor off",
                {"--metrics", bad});
  }
  const std::string long_path = "unix:/" + std::string(107, 'x');
  expect_exit(64, "rookery-master: --metrics: '" + long_path + "' is neither ADDRESS:PORT nor unix:PATH nor off",
              {"--metrics", long_path});
}

TEST_F(ValuesTest, DataMustBeAPath) {
  expect_exit(64, "rookery-master: --data: an empty path", {"--data", ""});
  expect_exit(64, "rookery-master: --data: a path with a zero byte in it", {"--data", std::string("a\0b", 3)});
}

TEST_F(ValuesTest, GuestsAreAllowedWhereNobodyElseCanConnectUnlessTold) {
  EXPECT_TRUE(accepted().guests_allowed());
  EXPECT_FALSE(accepted({"--host", "0.0.0.0"}).guests_allowed());
  EXPECT_TRUE(accepted({"--host", "0.0.0.0", "--allow-guests", "yes"}).guests_allowed());
  EXPECT_FALSE(accepted({"--allow-guests", "no"}).guests_allowed());
  for (const char* yes : {"yes", "Yes", "true", "on", "1"})
    EXPECT_EQ(accepted({"--allow-guests", yes}).allow_guests, true);
  for (const char* no : {"no", "NO", "false", "off", "0"})
    EXPECT_EQ(accepted({"--allow-guests", no}).allow_guests, false);
  expect_exit(64, "rookery-master: --allow-guests: 'maybe' is neither yes nor no", {"--allow-guests", "maybe"});
}

TEST_F(ValuesTest, RegistrationIsOpenWhereNobodyElseCanConnectUnlessTold) {
  EXPECT_TRUE(accepted().registration_open());
  EXPECT_FALSE(accepted({"--host", "0.0.0.0"}).registration_open());
  EXPECT_TRUE(accepted({"--host", "0.0.0.0", "--registration", "open"}).registration_open());
  EXPECT_FALSE(accepted({"--registration", "Closed"}).registration_open());
  expect_exit(64, "rookery-master: --registration: 'no' is neither open nor closed", {"--registration", "no"});
}

TEST(IsLoopbackHost, KnowsNamesAndAddressesOfThisMachineAlone) {
  for (const char* host :
       {"localhost", "LocalHost", "127.0.0.1", "127.255.0.3", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
  for (const char* host : {"", "0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "::ffff:10.0.0.1", "fe80::1", "localhost.org",
                           "127.0.0.1.example.org", "example.org", "127.0.0.1x"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
  EXPECT_FALSE(is_loopback_host(std::string(1000, ':')));
}

}  // namespace
}  // namespace rookery::master
