#include "master/console/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "master/console/readable.h"

namespace rookery::master {
namespace {

using std::chrono::seconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(Status, FiguresAreReadable) {
  EXPECT_EQ(readable_bytes(0), "0 B");
  EXPECT_EQ(readable_bytes(1023), "1023 B");
  EXPECT_EQ(readable_bytes(1536), "1.5 KiB");
  EXPECT_EQ(readable_bytes(5ULL << 40), "5.0 TiB");
  EXPECT_EQ(readable_bytes(~0ULL), "16.0 EiB");
  EXPECT_EQ(readable_duration(seconds{59}), "59 s");
  EXPECT_EQ(readable_duration(seconds{61}), "1 min 1 s");
  EXPECT_EQ(readable_duration(seconds{3 * 3600 + 120}), "3 h 2 min");
  EXPECT_EQ(readable_duration(seconds{49 * 3600}), "2 d 1 h");
}

TEST(Status, SaysWhatIsWrong) {
  ServerStatus status{.version = "1.2.3"};
  status.processes = {{.state = "parked", .restarts = 9, .note = "died too often"},
                      {.worker = 0, .pid = 5, .state = "serving", .restarts = 2, .clients = 4},
                      {.worker = 1, .pid = 6, .state = "serving", .restarts = 1, .clients = 0}};
  status.shut_out = {{.network = "10.1.2.3", .left = seconds{30}}};
  status.trouble = "read-only mode";
  const std::string text = report_status(status);
  EXPECT_THAT(text, HasSubstr("ledger      parked, 9 restarts\n"));
  EXPECT_THAT(text, HasSubstr("workers     3 restarts\n"));
  EXPECT_THAT(text, HasSubstr("by worker   0: 4, 1: 0\n"));
  EXPECT_THAT(text, HasSubstr("shut out    10.1.2.3 for 30 s\n"));
  EXPECT_THAT(text, HasSubstr("!           ledger: died too often\n"));
  EXPECT_THAT(text, HasSubstr("store       unknown, unknown free\n"));
  EXPECT_THAT(text, EndsWith("OK posting does not work: read-only mode\n"));
}

}  // namespace
}  // namespace rookery::master
