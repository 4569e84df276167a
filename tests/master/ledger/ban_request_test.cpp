// The operator's words for a ban.
#include "master/ledger/ban_request.h"

#include <gmock/gmock.h>

#include "ipc/chat/ban.h"
#include "master/ledger/request.h"

namespace rookery::ledger {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;
using testing::StartsWith;

BanRequest understood(const std::string& text) {
  auto parsed = parse_ban_request(text);
  if (auto* refusal = std::get_if<std::string>(&parsed)) ADD_FAILURE() << text << ": " << *refusal;
  auto* request = std::get_if<BanRequest>(&parsed);
  return request != nullptr ? std::move(*request) : BanRequest{};
}

std::string refusal(const std::string& text) {
  auto parsed = parse_ban_request(text);
  const auto* words = std::get_if<std::string>(&parsed);
  return words != nullptr ? *words : "it is taken";
}

TEST(BanRequestTest, ATargetATimeAndAReason) {
  EXPECT_EQ(understood("ban alice").target(), "alice");
  EXPECT_EQ(understood("ban alice").lasts.count(), 0);
  EXPECT_EQ(understood("ban alice").reason, "");
  const BanRequest request = understood("ban  203.0.113.0/24  --for 12h  sells  things ");
  EXPECT_EQ(request.target(), "203.0.113.0/24");
  EXPECT_EQ(request.lasts, hours{12});
  EXPECT_EQ(request.reason, "sells  things");
  EXPECT_EQ(request.change, chat::BanChange::Ban);
  EXPECT_EQ(understood("ban --for 30m alice spam").lasts, minutes{30});
  EXPECT_EQ(understood("ban --for=30m alice spam").reason, "spam");
  EXPECT_EQ(understood("ban alice --for=7d").lasts, hours{24 * 7});
  EXPECT_EQ(understood("unban 2001:DB8::/32").target(), "2001:db8::/32");
  EXPECT_EQ(understood("unban alice").change, chat::BanChange::Lift);
  EXPECT_EQ(understood("ban 127").target(), "127") << "a name";
}

TEST(BanRequestTest, WhatIsWrongIsToldAndNothingIsOverlooked) {
  for (const char* text : {"ban", "unban", "ban --for 3h", "unban alice because", "unban --for 3h alice", "ban  "})
    EXPECT_THAT(refusal(text), StartsWith("ERR bad-argument")) << text;
  EXPECT_THAT(refusal("ban alice --for 3w"), HasSubstr("90s, 15m, 12h, 30d"));
  EXPECT_THAT(refusal("ban alice --for 0"), HasSubstr("90s, 15m, 12h, 30d"));
  EXPECT_THAT(refusal("ban alice --for"), HasSubstr("90s, 15m, 12h, 30d"));
  EXPECT_THAT(refusal("ban alice --for 99999999d"), HasSubstr("up to 36500d"));
  EXPECT_THAT(refusal("ban alice spam --for 3h"), HasSubstr("before the reason"));
  EXPECT_THAT(refusal("ban alice --for 3h --for 4h"), HasSubstr("once"));
  EXPECT_THAT(refusal("ban 203.0.113.0/33"), HasSubstr("203.0.113.0/24"));
  EXPECT_THAT(refusal("ban guest7"), HasSubstr("an account's name"));
  EXPECT_THAT(refusal("ban al!ce"), HasSubstr("an account's name"));
  EXPECT_EQ(understood("ban alice " + std::string(chat::kMaxBanReasonBytes, 'x')).reason.size(),
            chat::kMaxBanReasonBytes);
  EXPECT_THAT(refusal("ban alice " + std::string(chat::kMaxBanReasonBytes + 1, 'x')), HasSubstr("at most 120"));
}

TEST(BanRequestTest, TheMachineItselfAndEverybodyAreWarnedOf) {
  const auto warning = [](const char* mask) { return warning_of(chat::AddressMask::parse(mask).value()); };
  EXPECT_THAT(warning("127.0.0.0/8"), HasSubstr("this machine itself"));
  EXPECT_THAT(warning("::1"), HasSubstr("this machine itself"));
  EXPECT_THAT(warning("0.0.0.0/0"), HasSubstr("every IPv4 address"));
  EXPECT_THAT(warning("::/0"), HasSubstr("every IPv6 address"));
  EXPECT_EQ(warning("203.0.113.0/24"), "");
}

TEST(BanRequestTest, IsOneOfTheLedgersRequests) {
  EXPECT_TRUE(std::holds_alternative<BanRequest>(parse_request("ban alice", 0)));
  EXPECT_TRUE(std::holds_alternative<BanRequest>(parse_request("unban alice", 0)));
  EXPECT_TRUE(std::holds_alternative<ClerkRequest>(parse_request("bans", 0)));
  EXPECT_TRUE(std::holds_alternative<RequestRefusal>(parse_request("bans alice", 0)));
  EXPECT_TRUE(std::holds_alternative<RequestRefusal>(parse_request("ban", 0)));
}

}  // namespace
}  // namespace rookery::ledger
