#include "worker/pool/job.h"

#include <gtest/gtest.h>

#include <memory>

namespace rookery::worker {
namespace {

TEST(Job, RunsACallableThatCanOnlyBeMoved) {
  int result = 0;
  Job job([&result, value = std::make_unique<int>(7)] { result = *value; });
  job();
  EXPECT_EQ(result, 7);
}

TEST(Job, MovesAndTellsThatItIsEmpty) {
  int runs = 0;
  Job from([&runs] { ++runs; });
  Job to = std::move(from);
  EXPECT_FALSE(from);  // NOLINT(bugprone-use-after-move): what it promises
  ASSERT_TRUE(to);
  to();
  EXPECT_EQ(runs, 1);
}

TEST(Job, CopiesAnLvalueAndDropsWhatItReturns) {
  int runs = 0;
  const auto count = [&runs] { return ++runs; };
  Job job(count);
  job();
  count();
  EXPECT_EQ(runs, 2);
}

TEST(Job, DestroysWhatItHolds) {
  auto shared = std::make_shared<int>(1);
  {
    const Job job([shared] {});
    EXPECT_EQ(shared.use_count(), 2);
  }
  EXPECT_EQ(shared.use_count(), 1);
}

}  // namespace
}  // namespace rookery::worker
