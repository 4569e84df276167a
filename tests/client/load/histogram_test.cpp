// The histogram against the exact percentiles of the same values, sorted.
#include "client/load/histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>

namespace rookery::load {
namespace {

using std::chrono::nanoseconds;

constexpr double kRelativeError = 1.0 / 128;

struct Distribution {
  const char* name;
  std::function<std::int64_t(std::mt19937_64&)> draw;
  friend void PrintTo(const Distribution& distribution, std::ostream* out) { *out << distribution.name; }
};

class HistogramOf : public ::testing::TestWithParam<Distribution> {
 protected:
  void SetUp() override {
    std::mt19937_64 random(20261121);
    for (int i = 0; i < 50000; ++i) values_.push_back(GetParam().draw(random));
    for (const std::int64_t value : values_) histogram_.record(nanoseconds{value});
    std::sort(values_.begin(), values_.end());
  }
  [[nodiscard]] std::int64_t exact(double fraction) const {
    const auto rank = static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(values_.size())));
    return values_[std::max<std::size_t>(rank, 1) - 1];
  }
  std::vector<std::int64_t> values_;
  Histogram histogram_;
};

TEST_P(HistogramOf, NeverFlattersAndErrsByLessThanItsBound) {
  for (const double fraction : {0.0, 0.001, 0.1, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    const auto wanted = static_cast<double>(exact(fraction));
    const auto got = static_cast<double>(histogram_.at(fraction).count());
    EXPECT_GE(got, wanted) << fraction;
    EXPECT_LE(got, wanted * (1 + kRelativeError)) << fraction;
  }
}

TEST_P(HistogramOf, KnowsCountSmallestLargestAndMeanExactly) {
  EXPECT_EQ(histogram_.count(), values_.size());
  EXPECT_EQ(histogram_.min().count(), values_.front());
  EXPECT_EQ(histogram_.max().count(), values_.back());
  const double sum = std::accumulate(values_.begin(), values_.end(), 0.0);
  EXPECT_NEAR(static_cast<double>(histogram_.mean().count()), sum / static_cast<double>(values_.size()), 1);
}

TEST_P(HistogramOf, ItsBucketsRiseAndHoldEverything) {
  std::uint64_t count = 0;
  nanoseconds last{-1};
  for (const auto& [edge, times] : histogram_.buckets()) {
    EXPECT_GT(edge, last);
    EXPECT_GT(times, 0U);
    last = edge;
    count += times;
    const auto below = std::upper_bound(values_.begin(), values_.end(), edge.count()) - values_.begin();
    EXPECT_EQ(static_cast<std::uint64_t>(below), count);
  }
  EXPECT_EQ(count, values_.size());
}

TEST_P(HistogramOf, TwoHalvesAddedAreTheWhole) {
  Histogram even;
  Histogram odd;
  for (std::size_t i = 0; i < values_.size(); ++i) (i % 2 == 0 ? even : odd).record(nanoseconds{values_[i]});
  even.add(odd);
  EXPECT_EQ(even.buckets(), histogram_.buckets());
  EXPECT_EQ(even.count(), histogram_.count());
  EXPECT_EQ(even.min(), histogram_.min());
  EXPECT_EQ(even.max(), histogram_.max());
  EXPECT_EQ(even.at(0.99), histogram_.at(0.99));
}

INSTANTIATE_TEST_SUITE_P(
    Distributions, HistogramOf,
    ::testing::Values(
        Distribution{
            "Uniform",
            [](std::mt19937_64& random) { return std::uniform_int_distribution<std::int64_t>(0, 5'000'000)(random); }},
        Distribution{
            "Small",
            [](std::mt19937_64& random) { return std::uniform_int_distribution<std::int64_t>(0, 300)(random); }},
        Distribution{"LogNormal",
                     [](std::mt19937_64& random) {
                       return static_cast<std::int64_t>(std::lognormal_distribution<double>(11, 1.5)(random));
                     }},
        Distribution{"FewOutliers",
                     [](std::mt19937_64& random) {
                       const bool outlier = std::uniform_int_distribution<int>(0, 999)(random) == 0;
                       return outlier
                                  ? std::uniform_int_distribution<std::int64_t>(1'000'000'000, 3'000'000'000)(random)
                                  : std::uniform_int_distribution<std::int64_t>(40'000, 60'000)(random);
                     }},
        Distribution{"PowersOfTwo",
                     [](std::mt19937_64& random) {
                       const int power = std::uniform_int_distribution<int>(0, 40)(random);
                       return (std::int64_t{1} << power) - std::uniform_int_distribution<int>(0, 1)(random);
                     }}),
    [](const auto& instance) { return instance.param.name; });

TEST(Histogram, EmptyIsZeroEverywhere) {
  const Histogram empty;
  EXPECT_EQ(empty.count(), 0U);
  for (const double fraction : {0.0, 0.5, 1.0}) EXPECT_EQ(empty.at(fraction), nanoseconds{0});
  EXPECT_EQ(empty.min(), nanoseconds{0});
  EXPECT_EQ(empty.max(), nanoseconds{0});
  EXPECT_EQ(empty.mean(), nanoseconds{0});
  EXPECT_TRUE(empty.buckets().empty());
}

TEST(Histogram, OneValueIsEveryPercentile) {
  Histogram histogram;
  histogram.record(nanoseconds{123'456'789});
  for (const double fraction : {0.0, 0.5, 0.999, 1.0}) EXPECT_EQ(histogram.at(fraction), nanoseconds{123'456'789});
}

TEST(Histogram, CountsAValueManyTimesAtOnce) {
  Histogram histogram;
  histogram.record(nanoseconds{1000}, 99);
  histogram.record(nanoseconds{1'000'000}, 1);
  histogram.record(nanoseconds{5}, 0);
  EXPECT_EQ(histogram.count(), 100U);
  EXPECT_LE(histogram.at(0.99), nanoseconds{1008});
  EXPECT_EQ(histogram.at(1), nanoseconds{1'000'000});
  EXPECT_EQ(histogram.min(), nanoseconds{1000});
}

TEST(Histogram, WhatIsOutsideCountsAtTheNearestEnd) {
  Histogram histogram;
  histogram.record(nanoseconds{-5});
  EXPECT_EQ(histogram.max(), nanoseconds{0});
  histogram.record(Histogram::kHighest + std::chrono::hours{5});
  EXPECT_EQ(histogram.max(), Histogram::kHighest);
  EXPECT_EQ(histogram.at(1), Histogram::kHighest);
}

TEST(Histogram, ClearedItIsEmpty) {
  Histogram histogram;
  histogram.record(nanoseconds{7});
  histogram.clear();
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.min(), nanoseconds{0});
  EXPECT_TRUE(histogram.buckets().empty());
}

}  // namespace
}  // namespace rookery::load
