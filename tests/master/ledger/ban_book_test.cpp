// The ledger's book of bans, and what a worker's list makes of the table that it writes.

#include "master/ledger/ban_book.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ipc/shm/segment.h"
#include "worker/limits/ban_list.h"

namespace rookery::ledger {
namespace {

using chat::AddressMask;
using chat::Ban;
using chat::BanChange;

class BanBookTest : public ::testing::Test {
 protected:
  BanBookTest() { static_cast<void>(shm::reserve(segment_.writer_descriptor(), 0, layout_.inbox_words(0))); }

  static Ban of(const std::string& mask, std::int64_t until_ms = chat::kForEver, std::string_view reason = "why") {
    Ban ban = Ban::of_addresses(AddressMask::parse(mask).value());
    ban.until_ms = until_ms;
    ban.set_reason(reason);
    return ban;
  }
  static chat::SourceAddress address(const std::string& text) { return AddressMask::parse(text)->network; }

  void ban(const Ban& ban) { ASSERT_EQ(book_.apply(BanChange::Ban, ban), BanBook::Applied::Done); }
  std::uint64_t in_force() const { return region_.header().bans.load(); }

  chat::LedgerLayout layout_{2};
  shm::Segment segment_{"ban-book-test", layout_.total_bytes()};
  shm::Mapping mapping_{segment_.writer_descriptor(), shm::Access::ReadWrite, segment_.size_bytes()};
  chat::LedgerRegionView region_{mapping_, layout_};
  BanBook book_{region_, segment_.writer_descriptor()};
  worker::BanList list_{region_};
};

TEST_F(BanBookTest, AWorkersListFollowsTheTable) {
  EXPECT_TRUE(list_.refresh()) << "the first look";
  EXPECT_FALSE(list_.refresh());
  EXPECT_EQ(list_.find(address("203.0.113.7")), nullptr);
  EXPECT_FALSE(book_.publish()) << "nothing has changed";

  ban(of("203.0.113.0/24", chat::kForEver, "floods"));
  ban(Ban::of_account(7));
  EXPECT_TRUE(book_.publish());
  EXPECT_TRUE(list_.is_stale());
  EXPECT_TRUE(list_.refresh());
  EXPECT_EQ(in_force(), 2U);
  const Ban* found = list_.find(address("203.0.113.99"));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->reason_view(), "floods");
  EXPECT_EQ(list_.find(address("203.0.114.1")), nullptr);
  EXPECT_EQ(list_.find(address("::203.0.113.7")), nullptr) << "another family";
  EXPECT_NE(list_.find_account(7), nullptr);
  EXPECT_EQ(list_.find_account(8), nullptr);

  ASSERT_EQ(book_.apply(BanChange::Lift, of("203.0.113.0/24")), BanBook::Applied::Done);
  book_.account_removed(7);
  EXPECT_TRUE(book_.publish());
  EXPECT_TRUE(list_.refresh());
  EXPECT_EQ(list_.find(address("203.0.113.99")), nullptr);
  EXPECT_EQ(list_.find_account(7), nullptr);
  EXPECT_EQ(in_force(), 0U);
}

TEST_F(BanBookTest, TheNarrowestBanSaysWhy) {
  ban(of("0.0.0.0/0", chat::kForEver, "all"));
  ban(of("203.0.113.7", chat::kForEver, "one"));
  ban(of("203.0.0.0/16", chat::kForEver, "many"));
  static_cast<void>(book_.publish());
  static_cast<void>(list_.refresh());
  EXPECT_EQ(list_.find(address("203.0.113.7"))->reason_view(), "one");
  EXPECT_EQ(list_.find(address("203.0.113.8"))->reason_view(), "many");
  EXPECT_EQ(list_.find(address("8.8.8.8"))->reason_view(), "all");
  EXPECT_EQ(list_.find(address("::1")), nullptr);
}

TEST_F(BanBookTest, ABanOfTheSameIsReplaced) {
  ban(of("203.0.113.7", 1000, "first"));
  ban(of("203.0.113.7", 2000, "second"));
  static_cast<void>(book_.publish());
  static_cast<void>(list_.refresh());
  EXPECT_EQ(in_force(), 1U);
  EXPECT_EQ(list_.find(address("203.0.113.7"))->reason_view(), "second");
  EXPECT_EQ(book_.next_end_ms(), 2000);
}

TEST_F(BanBookTest, WhatHasEndedLeavesTheTable) {
  ban(of("203.0.113.7", 1000));
  ban(of("203.0.113.8", 2000));
  ban(of("203.0.113.9"));
  EXPECT_FALSE(book_.end_expired(999));
  EXPECT_TRUE(book_.end_expired(1000));
  EXPECT_EQ(book_.next_end_ms(), 2000);
  EXPECT_TRUE(book_.end_expired(5000));
  EXPECT_EQ(book_.next_end_ms(), std::nullopt);
  EXPECT_FALSE(book_.end_expired(9000));
  static_cast<void>(book_.publish());
  static_cast<void>(list_.refresh());
  EXPECT_EQ(list_.find(address("203.0.113.8")), nullptr);
  EXPECT_NE(list_.find(address("203.0.113.9")), nullptr);
}

TEST_F(BanBookTest, ASuccessorMakesTheTableAgreeWithTheStore) {
  ban(of("203.0.113.7"));
  ban(of("203.0.113.8"));
  static_cast<void>(book_.publish());
  static_cast<void>(list_.refresh());
  ban(of("203.0.113.9"));  // and dies before it says so
  BanBook successor(region_, segment_.writer_descriptor());
  const std::vector<Ban> stored{of("203.0.113.8"), of("203.0.113.10")};
  ASSERT_EQ(successor.replace_all(stored), BanBook::Applied::Done);
  successor.note_change();
  EXPECT_TRUE(successor.publish());
  EXPECT_TRUE(list_.refresh());
  for (const char* gone : {"203.0.113.7", "203.0.113.9"}) EXPECT_EQ(list_.find(address(gone)), nullptr) << gone;
  for (const char* there : {"203.0.113.8", "203.0.113.10"}) EXPECT_NE(list_.find(address(there)), nullptr) << there;
  EXPECT_EQ(in_force(), 2U);
}

TEST_F(BanBookTest, PlacesAreUsedAgainAndTheirNumberIsBounded) {
  for (std::uint64_t account = 1; account <= chat::kMaxBans; ++account) ban(Ban::of_account(account));
  EXPECT_EQ(book_.apply(BanChange::Ban, Ban::of_account(chat::kMaxBans + 1)), BanBook::Applied::NoMemory);
  ASSERT_EQ(book_.apply(BanChange::Ban, Ban::of_account(5)), BanBook::Applied::Done) << "it is there already";
  ASSERT_EQ(book_.apply(BanChange::Lift, Ban::of_account(5)), BanBook::Applied::Done);
  ASSERT_EQ(book_.apply(BanChange::Ban, Ban::of_account(chat::kMaxBans + 1)), BanBook::Applied::Done);
  static_cast<void>(book_.publish());
  static_cast<void>(list_.refresh());
  EXPECT_EQ(in_force(), chat::kMaxBans);
  EXPECT_EQ(list_.find_account(5), nullptr);
  EXPECT_NE(list_.find_account(chat::kMaxBans + 1), nullptr);
}

TEST_F(BanBookTest, ARecordSaysWhoAndUntilWhen) {
  chat::Record record;
  record.header.kind = chat::RecordKind::ChangeBan;
  record.header.time_ms = 9000;  // later than any date: a clock was wrong
  record.header.members = 6000;
  record.name = "203.0.113.0/24";
  record.text = "floods";
  const auto addresses = ban_of(record);
  ASSERT_TRUE(addresses);
  EXPECT_EQ(addresses->mask().text(), "203.0.113.0/24");
  EXPECT_EQ(addresses->until_ms, 6000);
  record.header.members = 0;
  EXPECT_EQ(ban_of(record)->until_ms, chat::kForEver);
  record.name = "alice";
  EXPECT_FALSE(ban_of(record));
  record.header.target = 7;
  EXPECT_TRUE(ban_of(record)->same_target(Ban::of_account(7)));
}

TEST_F(BanBookTest, TheBannedAreToldUntilWhenAndWhy) {
  EXPECT_EQ(worker::words_of(Ban::of_account(1)), "you are banned by the operator of this server");
  EXPECT_EQ(worker::words_of(of("1.2.3.4", 1'763'719'200'123, "floods")),
            "you are banned by the operator of this server until 2025-11-21T10:00:00.123Z: floods");
}

}  // namespace
}  // namespace rookery::ledger
