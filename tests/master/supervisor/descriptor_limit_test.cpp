#include "master/supervisor/descriptor_limit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sysexits.h>

#include "master/supervisor/start_error.h"

namespace rookery::master {
namespace {

using ::testing::HasSubstr;

TEST(ClientsWithin, EverybodyFits) {
  EXPECT_EQ(clients_within(20'000, 100, std::nullopt, 10'000), 10'000U);
  EXPECT_EQ(clients_within(20'000, 100, 19'900, 10'000), 19'900U);
}

TEST(ClientsWithin, NobodyAskedSoFewerDo) {
  EXPECT_EQ(clients_within(1024, 100, std::nullopt, 10'000), 924U);
}

TEST(ClientsWithin, WhatWasAskedForIsNotLoweredInSilence) {
  try {
    static_cast<void>(clients_within(1024, 100, 925, 10'000));
    FAIL() << "should not fit";
  } catch (const StartError& error) {
    EXPECT_EQ(error.exit_code(), EX_CONFIG);
    EXPECT_THAT(error.what(), HasSubstr("ulimit -n 1025"));
    EXPECT_THAT(error.what(), HasSubstr("LimitNOFILE=1025"));
  }
}

TEST(ClientsWithin, FewerThanSixteenAreNoServer) {
  EXPECT_EQ(clients_within(116, 100, std::nullopt, 10'000), 16U);
  EXPECT_THROW(static_cast<void>(clients_within(115, 100, std::nullopt, 10'000)), StartError);
  EXPECT_THROW(static_cast<void>(clients_within(64, 100, std::nullopt, 10'000)), StartError);
  EXPECT_EQ(clients_within(104, 100, 4, 10'000), 4U) << "somebody wants it so";
}

TEST(DescriptorsBesidesClients, GrowWithWorkersAndLoops) {
  EXPECT_GE(descriptors_besides_clients(2, 8), descriptors_besides_clients(2, 1) + 2 * 14);
  EXPECT_GE(descriptors_besides_clients(8, 1), descriptors_besides_clients(2, 1) + 6 * 6);
}

TEST(MostSocketsHeld, IsAllThatTheLimitLeavesAndNoMore) {
  const std::uint64_t besides = descriptors_besides_clients(16, 1);
  EXPECT_GE(most_sockets_held(1024, besides), clients_within(1024, besides, std::nullopt, 10'000));
  EXPECT_LT(most_sockets_held(1024, besides), 1024U - 90) << "what the master needs itself stays free";
  EXPECT_LT(most_sockets_held(10, besides), 100U);
}

}  // namespace
}  // namespace rookery::master
