#include "master/metrics/exposition.h"

#include <gtest/gtest.h>

#include <array>

namespace rookery::metrics {
namespace {

TEST(ExpositionTest, AFamilyIsItsHeadAndItsSamples) {
  Exposition text;
  text.family("rookery_clients", Type::Gauge, "Clients.");
  text.sample({{"worker", "0"}, {"dialect", "json"}}, std::uint64_t{3});
  text.sample(0.25);
  EXPECT_EQ(text.take(),
            "# HELP rookery_clients Clients.\n# TYPE rookery_clients gauge\n"
            "rookery_clients{worker=\"0\",dialect=\"json\"} 3\nrookery_clients 0.25\n");
}

TEST(ExpositionTest, WhatWouldEndAValueIsEscaped) {
  Exposition text;
  text.family("x", Type::Counter, "a \"b\" \\\nc");
  text.sample({{"l", "a \"b\" \\\nc"}}, std::uint64_t{1});
  EXPECT_EQ(text.take(),
            "# HELP x a \"b\" \\\\\\nc\n# TYPE x counter\n"
            "x{l=\"a \\\"b\\\" \\\\\\nc\"} 1\n");
}

TEST(ExpositionTest, BucketsAreAddedUpAndTheCountIsTheirSum) {
  Exposition text;
  text.family("h", Type::Histogram, "H.");
  const std::array<std::uint64_t, 2> bounds{100, 2'500'000};
  const std::array<std::uint64_t, 3> buckets{1, 2, 4};
  text.histogram(bounds, buckets, 3'000'000, 1e6);
  EXPECT_EQ(text.take(),
            "# HELP h H.\n# TYPE h histogram\n"
            "h_bucket{le=\"0.0001\"} 1\nh_bucket{le=\"2.5\"} 3\nh_bucket{le=\"+Inf\"} 7\nh_sum 3\nh_count 7\n");
}

}  // namespace
}  // namespace rookery::metrics
