// Masks of addresses: what is one, what it matches, how it reads.
#include "ipc/chat/address_mask.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

namespace rookery::chat {
namespace {

// As a connection has it.
SourceAddress address(const char* text) {
  sockaddr_storage peer{};
  auto& four = reinterpret_cast<sockaddr_in&>(peer);
  auto& six = reinterpret_cast<sockaddr_in6&>(peer);
  if (::inet_pton(AF_INET, text, &four.sin_addr) == 1)
    peer.ss_family = AF_INET;
  else if (::inet_pton(AF_INET6, text, &six.sin6_addr) == 1)
    peer.ss_family = AF_INET6;
  else
    ADD_FAILURE() << text;
  return source_address(peer);
}

bool matches(const char* mask, const char* source) {
  const auto parsed = AddressMask::parse(mask);
  EXPECT_TRUE(parsed.has_value()) << mask;
  return parsed && parsed->matches(address(source));
}

std::string text_of(const char* mask) {
  const auto parsed = AddressMask::parse(mask);
  return parsed ? parsed->text() : "none";
}

TEST(AddressMask, OneAddressIsThatOneAlone) {
  EXPECT_TRUE(matches("203.0.113.7", "203.0.113.7"));
  EXPECT_FALSE(matches("203.0.113.7", "203.0.113.6"));
  EXPECT_TRUE(matches("203.0.113.7/32", "203.0.113.7"));
  EXPECT_FALSE(matches("203.0.113.7/32", "203.0.113.8"));
  EXPECT_TRUE(matches("2001:db8::1", "2001:db8:0:0::1"));
  EXPECT_FALSE(matches("2001:db8::1/128", "2001:db8::"));
}

TEST(AddressMask, ARangeEndsWhereItsPrefixSays) {
  EXPECT_TRUE(matches("203.0.113.0/24", "203.0.113.0"));
  EXPECT_TRUE(matches("203.0.113.0/24", "203.0.113.255"));
  EXPECT_FALSE(matches("203.0.113.0/24", "203.0.114.0"));
  EXPECT_FALSE(matches("203.0.113.0/24", "203.0.112.255"));
  EXPECT_TRUE(matches("10.0.0.0/9", "10.127.255.255"));
  EXPECT_FALSE(matches("10.0.0.0/9", "10.128.0.0"));
  EXPECT_TRUE(matches("203.0.113.6/31", "203.0.113.7"));
  EXPECT_FALSE(matches("203.0.113.6/31", "203.0.113.8"));
  EXPECT_TRUE(matches("2001:db8::/32", "2001:db8:ffff::1"));
  EXPECT_FALSE(matches("2001:db8::/32", "2001:db9::"));
  EXPECT_TRUE(matches("2001:db8::4/127", "2001:db8::5"));
  EXPECT_FALSE(matches("2001:db8::4/127", "2001:db8::6"));
}

TEST(AddressMask, EverythingIsOfOneFamily) {
  EXPECT_TRUE(matches("0.0.0.0/0", "255.255.255.255"));
  EXPECT_TRUE(matches("0.0.0.0/0", "::ffff:1.2.3.4"));
  EXPECT_FALSE(matches("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(matches("::/0", "2001:db8::1"));
  EXPECT_TRUE(matches("::/0", "::1"));
  EXPECT_FALSE(matches("::/0", "1.2.3.4"));
  EXPECT_FALSE(matches("::/80", "1.2.3.4")) << "a range that holds the mapped addresses as numbers";
}

TEST(AddressMask, AMappedAddressIsTheIpv4Address) {
  EXPECT_TRUE(matches("203.0.113.7", "::ffff:203.0.113.7"));
  EXPECT_TRUE(matches("::ffff:203.0.113.7", "203.0.113.7"));
  EXPECT_TRUE(matches("::ffff:203.0.113.0/120", "203.0.113.200"));
  EXPECT_EQ(text_of("::ffff:203.0.113.0/120"), "203.0.113.0/24");
  EXPECT_EQ(text_of("::ffff:0:0/96"), "0.0.0.0/0");
}

TEST(AddressMask, HostBitsAreDroppedAndTold) {
  bool dropped = false;
  const auto mask = AddressMask::parse("203.0.113.7/24", &dropped);
  ASSERT_TRUE(mask);
  EXPECT_TRUE(dropped);
  EXPECT_EQ(mask->text(), "203.0.113.0/24");
  ASSERT_TRUE(AddressMask::parse("203.0.113.0/24", &dropped));
  EXPECT_FALSE(dropped);
  EXPECT_EQ(text_of("2001:DB8::1/32"), "2001:db8::/32");
  EXPECT_EQ(text_of("203.0.113.7/32"), "203.0.113.7");
  EXPECT_EQ(text_of("2001:db8::7/128"), "2001:db8::7");
  EXPECT_EQ(AddressMask::parse("203.0.113.7/24"), AddressMask::parse("203.0.113.99/24")) << "they are one ban";
}

TEST(AddressMask, WhatIsNoneIsRefused) {
  for (const char* wrong : {"",
                            "/",
                            "1.2.3",
                            "1.2.3.4.5",
                            "1.2.3.256",
                            "01.2.3.4/8",
                            "1.2.3.4/",
                            "1.2.3.4/33",
                            "1.2.3.4/-1",
                            "1.2.3.4/+8",
                            "1.2.3.4/08",
                            "1.2.3.4/8 ",
                            "1.2.3.4/8/8",
                            "1.2.3.4/0x8",
                            "::/129",
                            ":::",
                            "2001:db8::g",
                            "fe80::1%lo",
                            "[::1]",
                            "1.2.3.4:80",
                            "/8",
                            "example.org",
                            "1.2.3.4/4294967297"})
    EXPECT_FALSE(AddressMask::parse(wrong).has_value()) << wrong;
  EXPECT_FALSE(AddressMask::parse(std::string_view("1.2.3.4\0x", 9)).has_value());
}

TEST(AddressMask, KnowsWhatIsThisMachineAndWhatIsEverything) {
  const auto covers_loopback = [](const char* text) { return AddressMask::parse(text)->covers_loopback(); };
  for (const char* mask :
       {"127.0.0.1", "127.0.0.2/32", "127.0.0.0/8", "0.0.0.0/0", "96.0.0.0/3", "::1", "::/64", "::/0"})
    EXPECT_TRUE(covers_loopback(mask)) << mask;
  for (const char* mask : {"128.0.0.0/1", "10.0.0.0/8", "::2", "2001:db8::/32", "fe80::/10"})
    EXPECT_FALSE(covers_loopback(mask)) << mask;
  EXPECT_TRUE(AddressMask::parse("0.0.0.0/0")->covers_all());
  EXPECT_TRUE(AddressMask::parse("::/0")->covers_all());
  EXPECT_FALSE(AddressMask::parse("0.0.0.0/1")->covers_all());
  EXPECT_FALSE(AddressMask::parse("::/1")->covers_all());
}

TEST(AddressMask, NoNameLooksLikeOne) {
  EXPECT_TRUE(looks_like_address("1.2.3"));
  EXPECT_TRUE(looks_like_address("::"));
  EXPECT_FALSE(looks_like_address("127"));
  EXPECT_FALSE(looks_like_address("alice_2-x"));
}

}  // namespace
}  // namespace rookery::chat
