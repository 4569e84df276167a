// Which account names are taken.
#include "master/ledger/apply/accounts.h"

#include <gtest/gtest.h>

#include <string>

namespace rookery::ledger {
namespace {

TEST(AccountsTest, FindsANameWhateverItsCase) {
  Accounts accounts;
  accounts.set("Alice", 7);
  EXPECT_EQ(accounts.find("aLICE"), 7U);
  EXPECT_EQ(accounts.find("alic"), std::nullopt);
  EXPECT_EQ(accounts.find("alice2"), std::nullopt);
  EXPECT_EQ(accounts.count(), 1U);
}

TEST(AccountsTest, ALongestNameIsNotItsNeighbour) {
  Accounts accounts;
  const std::string longest(wire::kMaxNameBytes, 'x');
  accounts.set(longest, 1);
  EXPECT_EQ(accounts.find(longest), 1U);
  EXPECT_EQ(accounts.find(longest.substr(1)), std::nullopt);
}

TEST(AccountsTest, OnlyItsOwnerGivesANameUp) {
  Accounts accounts;
  accounts.set("bob", 1);
  accounts.remove("bob", 2);
  EXPECT_EQ(accounts.find("bob"), 1U);
  accounts.remove("BOB", 1);
  EXPECT_EQ(accounts.find("bob"), std::nullopt);
  EXPECT_EQ(accounts.count(), 0U);
}

}  // namespace
}  // namespace rookery::ledger
