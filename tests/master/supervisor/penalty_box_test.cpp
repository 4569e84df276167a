// The clock is ours: each test says when a worker crashed at whose line.
#include "master/supervisor/penalty_box.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>
#include <random>

namespace rookery::master {
namespace {

using chat::SourceAddress;
using std::chrono::seconds;
using TimePoint = PenaltyBox::TimePoint;

const TimePoint kStart{std::chrono::hours{1}};

SourceAddress address(const char* text) {
  sockaddr_storage peer{};
  auto& six = reinterpret_cast<sockaddr_in6&>(peer);
  auto& four = reinterpret_cast<sockaddr_in&>(peer);
  if (::inet_pton(AF_INET6, text, &six.sin6_addr) == 1)
    peer.ss_family = AF_INET6;
  else if (::inet_pton(AF_INET, text, &four.sin_addr) == 1)
    peer.ss_family = AF_INET;
  return chat::source_address(peer);
}

TEST(PenaltyBox, ASuccessorKnowsWhoIsShutOutAndWhoWas) {
  PenaltyBox old;
  for (const char* culprit : {"10.0.0.1", "10.0.0.1"}) static_cast<void>(old.accuse(address(culprit), kStart));
  static_cast<void>(old.accuse(address("10.0.0.2"), kStart));
  PenaltyBox box;
  for (const auto& record : old.records()) box.restore(record);
  ASSERT_EQ(box.in_force(kStart).size(), 1u);
  EXPECT_EQ(box.in_force(kStart)[0].until, kStart + seconds{90});
  EXPECT_TRUE(box.accuse(address("10.0.0.1"), kStart + seconds{100})) << "on probation: the first crash is enough";
  EXPECT_FALSE(box.accuse(address("10.0.0.2"), kStart + seconds{10})) << "a single crash is forgotten";
}

TEST(PenaltyBox, TheSecondCrashWithinAMinuteShutsOut) {
  PenaltyBox box;
  EXPECT_FALSE(box.accuse(address("10.0.0.1"), kStart));
  EXPECT_TRUE(box.in_force(kStart).empty());
  EXPECT_TRUE(box.accuse(address("10.0.0.1"), kStart + seconds{60}));
  const auto penalties = box.in_force(kStart + seconds{60});
  ASSERT_EQ(penalties.size(), 1u);
  EXPECT_EQ(penalties[0].network, address("10.0.0.1"));
  EXPECT_EQ(penalties[0].until, kStart + seconds{150});
  EXPECT_FALSE(box.in_force(kStart + seconds{149}).empty());
  EXPECT_TRUE(box.in_force(kStart + seconds{150}).empty());
}

TEST(PenaltyBox, CrashesFurtherApartDoNot) {
  PenaltyBox box;
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(box.accuse(address("10.0.0.1"), kStart + i * seconds{61}));
}

TEST(PenaltyBox, EachAddressForItself) {
  PenaltyBox box;
  EXPECT_FALSE(box.accuse(address("10.0.0.1"), kStart));
  EXPECT_FALSE(box.accuse(address("10.0.0.2"), kStart));
  EXPECT_FALSE(box.accuse(address("2001:db8::1"), kStart));
  EXPECT_TRUE(box.accuse(address("10.0.0.2"), kStart));
}

TEST(PenaltyBox, OfIPv6TheNetworkCounts) {
  PenaltyBox box;
  EXPECT_FALSE(box.accuse(address("2001:db8:1:2::1"), kStart));
  EXPECT_FALSE(box.accuse(address("2001:db8:1:3::1"), kStart)) << "another network";
  EXPECT_TRUE(box.accuse(address("2001:db8:1:2:ffff::9"), kStart));
  EXPECT_EQ(box.in_force(kStart)[0].network.network_text(), "2001:db8:1:2::/64");
}

TEST(PenaltyBox, WhoIsAtItAgainIsShutOutAtOnce) {
  PenaltyBox box;
  static_cast<void>(box.accuse(address("10.0.0.1"), kStart));
  ASSERT_TRUE(box.accuse(address("10.0.0.1"), kStart));
  EXPECT_FALSE(box.accuse(address("10.0.0.1"), kStart + seconds{1})) << "is shut out already";
  const TimePoint back = kStart + kShutOutFor;
  EXPECT_TRUE(box.accuse(address("10.0.0.1"), back + kOnProbationFor));
  const TimePoint much_later = back + kOnProbationFor + kShutOutFor + kOnProbationFor + seconds{1};
  EXPECT_FALSE(box.accuse(address("10.0.0.1"), much_later)) << "forgiven";
}

TEST(PenaltyBox, NobodyIsNoSuspect) {
  PenaltyBox box;
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(box.accuse(SourceAddress{}, kStart));
  EXPECT_TRUE(box.in_force(kStart).empty());
}

// What a worker that runs wild may have written.
TEST(PenaltyBox, AnyBitsAreAnAddress) {
  PenaltyBox box;
  std::mt19937_64 random(19);
  for (int i = 0; i < 20'000; ++i) {
    const SourceAddress source{{random(), random()}};
    static_cast<void>(box.accuse(source, kStart));
    EXPECT_FALSE(source.text().empty());
  }
  EXPECT_FALSE(box.accuse(address("10.0.0.1"), kStart));
  EXPECT_TRUE(box.accuse(address("10.0.0.1"), kStart)) << "the newest are remembered";
}

}  // namespace
}  // namespace rookery::master
