// What people are told to type to see one sample again.
#include "client/load/compare/experiments.h"

#include <gtest/gtest.h>

namespace rookery::load {
namespace {

TEST(Commands, OfExperimentsWithoutALoad) {
  const Shape shape{"processes", "4 processes", {"--workers", "4", "--loops", "1"}};
  CompareOptions options;
  options.parallel = 4;
  EXPECT_EQ(command_of("start", shape, options), "rookery-master --workers 4 --loops 1");
  EXPECT_EQ(command_of("memory", shape, options), "rookery-master --workers 4 --loops 1");
  EXPECT_EQ(command_of("crash", shape, options), "rookery-load compare --rounds 1 --parallel 4 --shapes processes");
  options.quick = true;
  EXPECT_EQ(command_of("crash", shape, options),
            "rookery-load compare --quick --rounds 1 --parallel 4 --shapes processes");
}

// The tool refuses more threads than clients.
TEST(LoadThreads, AreHalfOfTheCoresAndNoMoreThanClients) {
  EXPECT_EQ(load_threads(1, 10), 1U);
  EXPECT_EQ(load_threads(8, 10), 4U);
  EXPECT_EQ(load_threads(64, 10), 10U);
  EXPECT_EQ(load_threads(64, 1), 1U);
}

}  // namespace
}  // namespace rookery::load
