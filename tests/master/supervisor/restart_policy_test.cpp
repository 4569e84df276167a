// The clock is ours: each test says when a process died and how long it had served.
#include "master/supervisor/restart_policy.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace rookery::master {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const TimePoint kFirstStart{std::chrono::hours{1}};

milliseconds pause(const RestartPolicy::Decision& decision, TimePoint now) {
  return std::chrono::duration_cast<milliseconds>(decision.due - now);
}

TEST(RestartPolicy, PausesDoubleUpToFiveSeconds) {
  RestartPolicy policy;
  TimePoint now = kFirstStart;
  std::vector<milliseconds> pauses;
  for (int i = 0; i < 9; ++i) {
    const auto decision = policy.died(now, {.lived = milliseconds{0}});
    pauses.push_back(pause(decision, now));
    EXPECT_FALSE(decision.parked);
    now = decision.due + seconds{3};  // or five of them would be within ten seconds
  }
  EXPECT_EQ(pauses, (std::vector<milliseconds>{milliseconds{0}, milliseconds{100}, milliseconds{200}, milliseconds{400},
                                               milliseconds{800}, milliseconds{1600}, milliseconds{3200},
                                               milliseconds{5000}, milliseconds{5000}}));
}

TEST(RestartPolicy, AHealthyLifeForgivesWhatWasBefore) {
  RestartPolicy policy;
  TimePoint now = kFirstStart;
  for (int i = 0; i < 4; ++i) now = policy.died(now, {.lived = milliseconds{0}}).due;
  now += kHealthyLife;
  const auto decision = policy.died(now, {.lived = kHealthyLife});
  EXPECT_EQ(pause(decision, now), milliseconds{0});
  EXPECT_FALSE(decision.parked);
}

TEST(RestartPolicy, ALifeJustTooShortForgivesNothing) {
  RestartPolicy policy;
  static_cast<void>(policy.died(kFirstStart, {.lived = milliseconds{0}}));
  const TimePoint now = kFirstStart + kHealthyLife;
  EXPECT_EQ(pause(policy.died(now, {.lived = kHealthyLife - milliseconds{1}}), now), milliseconds{100});
}

TEST(RestartPolicy, FiveDeathsInTenSecondsPark) {
  RestartPolicy policy;
  TimePoint now = kFirstStart;
  RestartPolicy::Decision decision;
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(decision.parked) << "after " << i << " deaths";
    now += seconds{2};
    decision = policy.died(now, {.lived = seconds{1}});
  }
  EXPECT_TRUE(decision.parked);
  EXPECT_EQ(pause(decision, now), kParkedFor);
}

TEST(RestartPolicy, DeathsFurtherApartDoNotPark) {
  RestartPolicy policy;
  TimePoint now = kFirstStart;
  for (int i = 0; i < 20; ++i) {
    now += seconds{3};
    EXPECT_FALSE(policy.died(now, {.lived = seconds{1}}).parked) << "death " << i;
  }
}

TEST(RestartPolicy, WhoWasParkedHasOneTry) {
  RestartPolicy policy;
  TimePoint now = kFirstStart;
  for (int i = 0; i < 5; ++i) now = policy.died(now, {.lived = milliseconds{0}}).due;
  EXPECT_TRUE(policy.died(now, {.lived = seconds{1}}).parked);
}

TEST(RestartPolicy, WhoProvedHealthyAfterParkingHasAllTriesAgain) {
  RestartPolicy policy;
  TimePoint now = kFirstStart;
  for (int i = 0; i < 5; ++i) now = policy.died(now, {.lived = milliseconds{0}}).due;
  now += kHealthyLife;
  EXPECT_FALSE(policy.died(now, {.lived = kHealthyLife}).parked);
  EXPECT_FALSE(policy.died(now, {.lived = milliseconds{0}}).parked);
}

// Killed from outside while it serves, over and over.
TEST(RestartPolicy, WhoIsOfUseIsStartedAgainHoweverOftenItDies) {
  RestartPolicy policy;
  TimePoint now = kFirstStart;
  EXPECT_EQ(pause(policy.died(now, {.lived = milliseconds{80}, .of_use = true}), now), milliseconds{0});
  for (int i = 0; i < 50; ++i) {
    now += milliseconds{200};
    const auto decision = policy.died(now, {.lived = milliseconds{80}, .of_use = true});
    EXPECT_FALSE(decision.parked);
    EXPECT_EQ(pause(decision, now), milliseconds{100});
  }
  now += kSoonAgain;
  EXPECT_EQ(pause(policy.died(now, {.lived = milliseconds{80}, .of_use = true}), now), milliseconds{0});
}

TEST(RestartPolicy, ALifeOfUseForgivesThoseOfNoUse) {
  RestartPolicy policy;
  TimePoint now = kFirstStart;
  for (int i = 0; i < 4; ++i) now = policy.died(now, {}).due;
  now = policy.died(now, {.lived = milliseconds{80}, .of_use = true}).due;
  EXPECT_EQ(pause(policy.died(now, {}), now), milliseconds{0});
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(policy.died(now, {}).parked);
  EXPECT_TRUE(policy.died(now, {}).parked);
}

}  // namespace
}  // namespace rookery::master
