#include "master/console/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rookery::master {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(ReportClients, ColumnsAreAligned) {
  const std::vector<ClientRow> rows{{.client = 9,
                                     .name = "alice",
                                     .address = "127.0.0.1:5",
                                     .dialect = "text",
                                     .worker = 1,
                                     .since_ms = 0,
                                     .messages = 3},
                                    {.client = 1234,
                                     .name = "guest1234",
                                     .address = "[::1]:65535",
                                     .dialect = "json",
                                     .worker = 0,
                                     .since_ms = 1,
                                     .messages = 123456789}};
  EXPECT_EQ(report_clients(rows),
            "  ID  NAME       ADDRESS      DIALECT  WORKER  SINCE                      MESSAGES\n"
            "   9  alice      127.0.0.1:5  text          1  1970-01-01T00:00:00.000Z          3\n"
            "1234  guest1234  [::1]:65535  json          0  1970-01-01T00:00:00.001Z  123456789\n"
            "OK 2 clients\n");
}

TEST(ReportClients, NobodyIsThere) {
  EXPECT_THAT(report_clients({}), EndsWith("MESSAGES\nOK 0 clients\n"));
}

TEST(ReportClients, ALongListIsCutAndSaysSo) {
  const std::vector<ClientRow> rows(1000, ClientRow{.client = 1, .name = "n", .address = "a", .dialect = "text"});
  const std::string report = report_clients(rows, 10'000);
  EXPECT_LT(report.size(), 10'200U);
  EXPECT_THAT(report, HasSubstr("\n... and "));
  EXPECT_THAT(report, EndsWith("\nOK 1000 clients\n"));
}

TEST(ReportClients, TenThousandClientsFit) {
  const std::vector<ClientRow> rows(10'000, ClientRow{.client = 18446744073709551615U,
                                                      .name = std::string(32, 'n'),
                                                      .address = "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
                                                      .dialect = "text"});
  EXPECT_THAT(report_clients(rows), Not(HasSubstr("... and ")));
}

TEST(ReportProcesses, WhatDoesNotRunHasNoPid) {
  const std::vector<ProcessRow> rows{
      {.pid = 1239,
       .state = "serving",
       .age = std::chrono::seconds{60},
       .heartbeat_age = std::chrono::milliseconds{12}},
      {.worker = 0, .pid = 1240, .state = "serving", .restarts = 2, .clients = 17, .outbox_depth_words = 5},
      {.worker = 1, .state = "parked", .restarts = 5}};
  EXPECT_EQ(report_processes(rows),
            "PROCESS  NO      PID  STATE        AGE_S  RESTARTS  HEARTBEAT_MS  CLIENTS  OUTBOX_WORDS\n"
            "ledger    -     1239  serving         60         0            12        -             -\n"
            "worker    0     1240  serving          0         2             0       17             5\n"
            "worker    1        -  parked           -         5             -        0             0\n"
            "OK 2 workers\n");
}

TEST(ReportProcesses, WhoIsShutOutStandsUnderTheProcesses) {
  const std::vector<ShutOutRow> rows{{"2001:db8::/64", std::chrono::seconds{89}}};
  EXPECT_THAT(report_processes({}, rows),
              testing::EndsWith("\nshut-out 2001:db8::/64 for 89 s: workers crashed at its lines\nOK 0 workers\n"));
}

TEST(ReportProcesses, WhyOneIsNotThere) {
  const std::vector<ProcessRow> rows{{.state = "parked", .note = "read-only mode"}, {.worker = 1, .state = "serving"}};
  EXPECT_THAT(report_processes(rows), EndsWith("\n! ledger: read-only mode\nOK 1 workers\n"));
}

}  // namespace
}  // namespace rookery::master
