// tests/client/load/figures_test.cpp
#include "client/load/compare/figures.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

namespace rookery::load {
namespace {

using testing::ElementsAre;

Sample memory_sample(std::uint32_t round, std::uint32_t clients, double bytes) {
  Sample sample;
  sample.experiment = "memory";
  sample.shape = "threads";
  sample.round = round;
  sample.clients = clients;
  sample.figures["pss_bytes"] = bytes;
  return sample;
}

TEST(Spread, MedianOfAnOddNumberIsTheMiddle) {
  EXPECT_EQ((Spread{{1, 2, 90}}).median(), 2);
}

TEST(Spread, MedianOfAnEvenNumberIsHalfway) {
  EXPECT_EQ((Spread{{1, 2, 5, 90}}).median(), 3.5);
}

TEST(Spread, OfOneIsThatOne) {
  const Spread one{{7}};
  EXPECT_EQ(one.median(), 7);
  EXPECT_EQ(one.low(), 7);
  EXPECT_EQ(one.high(), 7);
}

TEST(SpreadOf, TakesOnlyWhatIsAskedForAndSorts) {
  Results results;
  results.samples = {memory_sample(1, 100, 9), memory_sample(2, 100, 4), memory_sample(3, 100, 6),
                     memory_sample(1, 0, 1)};
  results.samples.push_back(results.samples.front());
  results.samples.back().shape = "processes";
  results.samples.push_back(memory_sample(4, 100, 5));
  results.samples.back().figures.clear();  // it failed
  EXPECT_THAT(spread_of(results, "memory", "threads", 100, "pss_bytes").values, ElementsAre(4, 6, 9));
  EXPECT_TRUE(spread_of(results, "memory", "threads", 100, "start_ms").empty());
  EXPECT_THAT(client_counts(results, "memory"), ElementsAre(0, 100));
}

TEST(MemoryPerClient, IsTheSlopeWithinEachRound) {
  Results results;
  results.samples = {
      memory_sample(1, 0, 1000),          memory_sample(1, 10, 1500),
      memory_sample(1, 100, 6000),        memory_sample(2, 0, 9000),
      memory_sample(2, 100, 9000 + 7000), memory_sample(3, 0, 4000)};  // a round that has one point only says nothing
  const Spread slopes = memory_per_client(results, "threads");
  ASSERT_EQ(slopes.values.size(), 2U);
  EXPECT_NEAR(slopes.low(), 50, 1e-6);
  EXPECT_NEAR(slopes.high(), 70, 1e-6);
}

TEST(CompareSpreads, EqualSamplesDoNotDiffer) {
  EXPECT_EQ(compare_spreads({{5, 5, 5}}, {{5, 5, 5}}), Verdict::NoDifference);
  EXPECT_EQ(compare_spreads({{0, 0, 0}}, {{0, 0, 0}}), Verdict::NoDifference);
}

TEST(CompareSpreads, EverySampleMustLieAboveEverySample) {
  EXPECT_EQ(compare_spreads({{20, 21, 22}}, {{10, 11, 12}}), Verdict::FirstHigher);
  EXPECT_EQ(compare_spreads({{10, 11, 12}}, {{20, 21, 22}}), Verdict::SecondHigher);
  EXPECT_EQ(compare_spreads({{12, 21, 22}}, {{10, 11, 12}}), Verdict::NoDifference) << "they touch";
  EXPECT_EQ(compare_spreads({{11, 31, 32}}, {{10, 10, 12}}), Verdict::NoDifference) << "they overlap";
}

TEST(CompareSpreads, SeparateButCloseIsNoDifference) {
  EXPECT_EQ(compare_spreads({{102.0, 102.5, 102.9}}, {{99, 100, 101}}), Verdict::NoDifference);
  EXPECT_EQ(compare_spreads({{102.0, 103.1, 104.0}}, {{99, 100, 101}}), Verdict::FirstHigher);
}

TEST(CompareSpreads, AnythingIsMoreThanNothing) {
  EXPECT_EQ(compare_spreads({{3, 3, 3}}, {{0, 0, 0}}), Verdict::FirstHigher);
}

TEST(CompareSpreads, TooFewSamplesNeverDiffer) {
  EXPECT_EQ(compare_spreads({{100}}, {{1}}), Verdict::NoDifference);
  EXPECT_EQ(compare_spreads({{100, 101}}, {{1, 2}}), Verdict::NoDifference);
  EXPECT_EQ(compare_spreads({{100, 101, 102}}, {{1}}), Verdict::NoDifference);
  EXPECT_EQ(compare_spreads({}, {{1, 2, 3}}), Verdict::NoDifference);
}

TEST(SeparatedByChance, CountsTheOrders) {
  EXPECT_DOUBLE_EQ(separated_by_chance_once_in(3, 3), 10);
  EXPECT_DOUBLE_EQ(separated_by_chance_once_in(5, 5), 126);
}

// The rule and the number that the page gives for it belong together.
TEST(SeparatedByChance, IsWhatTheRuleDoes) {
  std::vector<int> owner{1, 1, 1, 2, 2, 2};
  int orders = 0;
  int separated = 0;
  do {
    Spread first;
    Spread second;
    for (std::size_t i = 0; i < owner.size(); ++i)
      (owner[i] == 1 ? first : second).values.push_back(std::exp2(static_cast<double>(i)));
    ++orders;
    if (compare_spreads(first, second) != Verdict::NoDifference) ++separated;
  } while (std::next_permutation(owner.begin(), owner.end()));
  EXPECT_DOUBLE_EQ(static_cast<double>(orders) / separated, separated_by_chance_once_in(3, 3));
}

TEST(SeparatedByChance, IncompleteSamplesAreSeparatedMoreOften) {
  EXPECT_DOUBLE_EQ(separated_by_chance_once_in(3, 5), 28);
  EXPECT_DOUBLE_EQ(separated_by_chance_once_in(5, 3), 28);
}

TEST(ToolWasTheLimit, IsReadFromTheRemarks) {
  Results results;
  Sample sample;
  sample.experiment = "echo";
  sample.shape = "threads";
  sample.clients = 10;
  EXPECT_FALSE(tool_was_the_limit(sample)) << "without any detail";
  sample.detail["remarks"] = {"the load tool did not keep its own schedule"};
  EXPECT_FALSE(tool_was_the_limit(sample));
  results.samples.push_back(sample);
  sample.detail["remarks"].push_back("the load tool was the limit: busy for 93 %");
  EXPECT_TRUE(tool_was_the_limit(sample));
  results.samples.push_back(sample);
  EXPECT_EQ(tool_limited_samples(results, "echo", "threads", 10), 1U);
  EXPECT_EQ(tool_limited_samples(results, "echo", "threads", 100), 0U);
}

TEST(ToolWasTheLimit, OfSpeedInAClosedLoopAndOfNothingElse) {
  EXPECT_TRUE(tool_can_limit("echo", "throughput_per_s"));
  EXPECT_TRUE(tool_can_limit("fanout", "latency_p99_us"));
  EXPECT_FALSE(tool_can_limit("echo", "cpu_us_per_op"));
  EXPECT_FALSE(tool_can_limit("paced", "latency_p99_us"));
}

TEST(FigureKinds, AreFoundByTheirKey) {
  for (const FigureKind& kind : figure_kinds()) EXPECT_EQ(find_figure(kind.key), &kind);
  EXPECT_EQ(find_figure("throughput_per_s")->better, Better::Higher);
  EXPECT_EQ(find_figure("latency_p99_us")->better, Better::Lower);
  EXPECT_EQ(find_figure("nonsense"), nullptr);
  ASSERT_NE(find_figure("page_tables_bytes"), nullptr);
  EXPECT_EQ(find_figure("page_tables_bytes")->title, "page tables");
  EXPECT_EQ(find_figure("page_tables_bytes")->unit, "bytes");
  EXPECT_EQ(find_figure("page_tables_bytes")->better, Better::Lower);
}

}  // namespace
}  // namespace rookery::load
