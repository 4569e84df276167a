// The master after many takeovers is as it was: its descriptors, its memory, its children.
#include <gmock/gmock.h>

#include "tests/fault/takeover/trial.h"

namespace rookery::system_test {
namespace {

TEST(Takeover, Row64_TheMasterStaysAsItWas) {
  constexpr std::uint64_t kMostGrowth = 2ULL << 20;  // of the heap, whose pieces lie otherwise each time
  TrialSetup setup;
  setup.kills = kSanitized ? 12 : 40;
  setup.streams.seed = 5;
  setup.streams.talkers = 12;
  setup.streams.visitors = 4;
  const TrialReport report = run_trial(setup);
  EXPECT_TRUE(report.exact()) << report;
  EXPECT_EQ(report.descriptors_after, report.descriptors_before) << report;
  if (kSanitized) return;  // a sanitizer keeps what was freed
  EXPECT_LE(report.memory_after, report.memory_before + kMostGrowth) << report;
}

}  // namespace
}  // namespace rookery::system_test
