// Who may try a password when: turns, delays and places, with the time passed in.
#include "worker/limits/password_desk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace rookery::worker {
namespace {

using std::chrono::milliseconds;
using Admission = PasswordDesk::Admission;
using Time = PasswordDesk::Time;

class PasswordDeskTest : public ::testing::Test {
 protected:
  Admission ask(std::uint64_t source, std::uint64_t name = 0) {
    PasswordRequest request{.source = source, .name = name, .id = {}, .work = [this, source, name] {
                              in_pool_.push_back({source, name});
                            }};
    request.client = source;
    return desk_.admit(now_, std::move(request));
  }
  void turn() {
    desk_.turn(
        now_, [this](const PasswordRequest& request) { return !gone_.contains(request.client); },
        [this](Job&& job) {
          if (pool_is_full_) return false;
          Job(std::move(job))();
          return true;
        });
  }
  // The pool does what it has, oldest first.
  std::vector<std::uint64_t> finish(bool wrong) {
    std::vector<std::uint64_t> sources;
    for (const auto& [source, name] : std::exchange(in_pool_, {})) {
      desk_.finished(now_, source, name, wrong);
      sources.push_back(source);
    }
    return sources;
  }
  void fail(std::uint64_t source, int times, std::uint64_t name = 1) {
    for (int i = 0; i < times; ++i) {
      ASSERT_EQ(ask(source, name), Admission::Accepted);
      now_ += std::chrono::seconds{5};
      turn();
      ASSERT_EQ(finish(true).size(), 1U);
    }
  }
  // Lets the time pass until something of that source is in the pool.
  milliseconds wait_for(std::uint64_t source) {
    const Time begin = now_;
    for (;;) {
      turn();
      if (std::ranges::any_of(in_pool_, [&](const auto& job) { return job.first == source; })) return since(begin);
      const auto patience = desk_.patience(now_);
      if (!patience || since(begin) > std::chrono::minutes{5}) return milliseconds::max();
      now_ += std::max(*patience, milliseconds{1});
    }
  }
  milliseconds since(Time begin) const { return std::chrono::duration_cast<milliseconds>(now_ - begin); }

  PasswordDesk desk_{2, 100};
  Time now_ = Time{} + std::chrono::hours(1);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> in_pool_;  // source, name
  std::set<std::uint64_t> gone_;
  bool pool_is_full_ = false;
};

TEST_F(PasswordDeskTest, SourcesTakeTurns) {
  for (int i = 0; i < 20; ++i) ASSERT_EQ(ask(1, 7), Admission::Accepted);
  ASSERT_EQ(ask(2, 8), Admission::Accepted);
  ASSERT_EQ(ask(3, 9), Admission::Accepted);
  std::vector<std::uint64_t> order;
  for (int i = 0; i < 3; ++i) {
    turn();
    EXPECT_LE(in_pool_.size(), 2U);
    for (const std::uint64_t source : finish(false)) order.push_back(source);
  }
  EXPECT_EQ(order, (std::vector<std::uint64_t>{1, 2, 3, 1, 1, 1}));
}

TEST_F(PasswordDeskTest, NoSourceTakesAllPlaces) {
  Admission last = Admission::Accepted;
  for (int i = 0; i < 51; ++i) last = ask(1);
  EXPECT_EQ(last, Admission::SourceHasTooMany);
  EXPECT_EQ(desk_.waiting(), 50U);
  for (std::uint64_t source = 2; source < 52; ++source) ASSERT_EQ(ask(source), Admission::Accepted);
  EXPECT_EQ(ask(99), Admission::Full);
}

TEST_F(PasswordDeskTest, AfterSomeFailuresASourceWaitsLongerAndLonger) {
  fail(1, 2, 0x10);
  ASSERT_EQ(ask(1, 0x11), Admission::Accepted);
  EXPECT_EQ(wait_for(1), milliseconds{0}) << "everybody mistypes";
  finish(true);
  for (const int expected : {250, 500, 1000, 2000, 4000, 4000}) {
    ASSERT_EQ(ask(1, static_cast<std::uint64_t>(expected) + 0x100), Admission::Accepted);
    EXPECT_EQ(wait_for(1), milliseconds{expected});
    finish(true);
  }
  now_ += std::chrono::minutes{5};
  ASSERT_EQ(ask(1, 0x999), Admission::Accepted);
  EXPECT_EQ(wait_for(1), milliseconds{0}) << "forgotten";
}

TEST_F(PasswordDeskTest, ManyConnectionsGuessNoFasterThanOne) {
  fail(1, 8);
  std::size_t accepted = 0;
  for (int i = 0; i < 50; ++i) accepted += ask(1, static_cast<std::uint64_t>(i) + 50) == Admission::Accepted ? 1U : 0U;
  EXPECT_EQ(accepted, PasswordDesk::kPlacesOfSuspect);
  std::size_t tried = 0;
  for (const Time begin = now_; since(begin) < std::chrono::seconds{10}; now_ += milliseconds{10}) {
    turn();
    tried += finish(true).size();
  }
  EXPECT_LE(tried, 3U);
}

TEST_F(PasswordDeskTest, WhoBecomesSuspectLosesItsPlaces) {
  for (int i = 0; i < 40; ++i) ASSERT_EQ(ask(1, 5), Admission::Accepted);
  for (int i = 0; i < 2; ++i) {
    turn();
    finish(true);
  }
  EXPECT_EQ(desk_.waiting(), PasswordDesk::kPlacesOfSuspect);
  EXPECT_EQ(desk_.take_refused().size(), 40 - 4 - PasswordDesk::kPlacesOfSuspect);
}

TEST_F(PasswordDeskTest, GuessesFromEverywhereHoldTheOwnerBackByNoMoreThanItsMaximum) {
  for (std::uint64_t source = 1; source <= 10; ++source) fail(source, 1, 7);
  for (std::uint64_t source = 1; source <= 10; ++source) ASSERT_EQ(ask(source, 7), Admission::Accepted);
  ASSERT_EQ(ask(1000, 7), Admission::Accepted);
  ASSERT_EQ(ask(1001, 8), Admission::Accepted);
  EXPECT_EQ(wait_for(1001), milliseconds{0}) << "another name";
  finish(false);
  EXPECT_EQ(wait_for(1000), PasswordDesk::kMostNameDelay) << "a clean source goes before the guessers";
}

TEST_F(PasswordDeskTest, ANameThatIsBeingGuessedGivesWayToOthers) {
  fail(1, 1, 7);
  for (std::uint64_t source = 100; source < 140; ++source) ASSERT_EQ(ask(source, 7), Admission::Accepted);
  ASSERT_EQ(ask(1000, 8), Admission::Accepted);
  turn();
  const auto first = finish(true);
  EXPECT_EQ(first.at(0), 1000U) << "though forty sources without a failure came before";
}

TEST_F(PasswordDeskTest, ASuccessBuysNoFreeGuesses) {
  fail(1, 6);
  ASSERT_EQ(ask(1, 2), Admission::Accepted);
  static_cast<void>(wait_for(1));
  finish(false);
  ASSERT_EQ(ask(1, 3), Admission::Accepted);
  static_cast<void>(wait_for(1));
  finish(true);
  ASSERT_EQ(ask(1, 4), Admission::Accepted);
  EXPECT_EQ(wait_for(1), PasswordDesk::kMostSourceDelay) << "as if it had not been";
}

TEST_F(PasswordDeskTest, WhoHasGoneCostsNoHash) {
  ASSERT_EQ(ask(1), Admission::Accepted);
  ASSERT_EQ(ask(2), Admission::Accepted);
  gone_ = {1};
  turn();
  EXPECT_EQ(finish(false), std::vector<std::uint64_t>{2});
  EXPECT_EQ(desk_.waiting(), 0U);
  EXPECT_EQ(desk_.patience(now_), std::nullopt);
}

TEST_F(PasswordDeskTest, AFullPoolLosesNothing) {
  ASSERT_EQ(ask(1), Admission::Accepted);
  pool_is_full_ = true;
  turn();
  EXPECT_EQ(desk_.waiting(), 1U);
  ASSERT_NE(desk_.patience(now_), std::nullopt);
  EXPECT_GT(*desk_.patience(now_), milliseconds{0}) << "the loop must not spin";
  pool_is_full_ = false;
  now_ += *desk_.patience(now_);
  turn();
  EXPECT_EQ(finish(false), std::vector<std::uint64_t>{1});
}

TEST_F(PasswordDeskTest, NamesAreOneWhateverTheirCase) {
  EXPECT_EQ(name_key("Alice", 1), name_key("aLICE", 1));
  EXPECT_NE(name_key("alice", 1), name_key("alice_", 1));
  EXPECT_NE(name_key("alice", 1), name_key("alice", 2));
}

// Somebody guesses alice's name all the time, and others without a failure want a turn every time: she gets hers.
TEST_F(PasswordDeskTest, WhoHasWaitedLongIsNotPassedAnyMore) {
  constexpr std::uint64_t kAlice = 1;
  constexpr std::uint64_t kHerSource = 100;
  fail(7, 1, kAlice);
  ASSERT_EQ(ask(kHerSource, kAlice), Admission::Accepted);
  const Time begin = now_;
  bool served = false;
  std::uint64_t other = 1000;
  while (!served && since(begin) < std::chrono::seconds{20}) {
    while (desk_.waiting() < 4) ASSERT_EQ(ask(other++), Admission::Accepted);  // more than the pool takes at once
    turn();
    served = std::ranges::any_of(in_pool_, [](const auto& job) { return job.first == kHerSource; });
    now_ += milliseconds{20};
    static_cast<void>(finish(false));
  }
  EXPECT_TRUE(served);
}

}  // namespace
}  // namespace rookery::worker
