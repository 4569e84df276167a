// How long a client was left waiting, in stories of a few requests. Times are milliseconds.
#include "client/load/compare/pause.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace rookery::load {
namespace {

constexpr Time at(int ms) {
  return Time{} + std::chrono::milliseconds{ms};
}

Request answered(int due, int when) {
  return {at(due), at(when), false, true, 0, false};
}

Request unanswered(int due) {
  return {at(due), {}, false, false, 0, false};
}

// Killed at 1000; what is due until 2000 counts; it ends at 3000.
long long pause_ms(const std::vector<Request>& requests, const std::vector<Time>& arrivals,
                   const std::vector<Time>& cuts = {}) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             pause_of(requests, cuts, arrivals, at(1000), at(2000), at(3000)))
      .count();
}

TEST(Pause, IsTheLongestWaitAfterTheKill) {
  EXPECT_EQ(pause_ms({answered(1010, 1012), answered(1060, 1090), answered(1110, 1111)}, {}), 30);
}

TEST(Pause, WhatWasOverBeforeTheKillIsNone) {
  EXPECT_EQ(pause_ms({answered(100, 900), answered(1050, 1051)}, {}), 1);
  EXPECT_EQ(pause_ms({answered(100, 900)}, {}), 0);
}

TEST(Pause, CountsFromWhenItWasDueEvenIfThatWasBeforeTheKill) {
  EXPECT_EQ(pause_ms({answered(990, 1040)}, {}), 50);
}

TEST(Pause, OfAnUnansweredRequestEndsWithALaterAnswer) {
  EXPECT_EQ(pause_ms({unanswered(995), answered(1045, 1070)}, {}), 75);
}

TEST(Pause, OfAnUnansweredRequestEndsWhenTheClientIsLetInAgain) {
  EXPECT_EQ(pause_ms({unanswered(995), answered(1045, 1046)}, {at(10), at(1015)}), 20);
}

TEST(Pause, AnArrivalOnlyHelpsWhatWasDueBefore) {
  EXPECT_EQ(pause_ms({unanswered(1020), answered(1070, 1071)}, {at(1015)}), 51);
}

TEST(Pause, TheFirstOfSeveralArrivalsCounts) {
  EXPECT_EQ(pause_ms({unanswered(990), unanswered(1040), answered(1090, 1091)}, {at(1010), at(1055)}), 20);
}

TEST(Pause, OfAClientThatNeverComesBackLastsToTheEnd) {
  EXPECT_EQ(pause_ms({answered(900, 901), unanswered(995), unanswered(1045)}, {at(10)}), 2005);
}

TEST(Pause, WhatIsDueAfterTheEndOfTalkingIsNoMatter) {
  EXPECT_EQ(pause_ms({answered(1010, 1011), unanswered(2010)}, {}), 1);
}

// Requests due every 50 ms see nothing of an absence in between.
TEST(Pause, IsTheAbsenceIfThatIsLonger) {
  const std::vector<Request> requests{answered(990, 991), answered(1040, 1042), answered(1090, 1091)};
  EXPECT_EQ(pause_ms(requests, {at(10), at(1031)}, {at(1001)}), 30);
  EXPECT_EQ(pause_ms(requests, {at(10), at(1001)}, {at(1000)}), 2);
}

TEST(Pause, TheLongestOfSeveralAbsencesCounts) {
  EXPECT_EQ(pause_ms({}, {at(10), at(1011), at(1045), at(1102)}, {at(1001), at(1020), at(1100)}), 25);
}

TEST(Pause, AnAbsenceWithoutReturnLastsToTheEnd) {
  EXPECT_EQ(pause_ms({}, {at(10)}, {at(1500)}), 1500);
}

TEST(Pause, AbsencesBeforeTheKillAndAfterTheTalkingAreNoMatter) {
  EXPECT_EQ(pause_ms({}, {at(10), at(800), at(2500)}, {at(500), at(2100)}), 0);
}

}  // namespace
}  // namespace rookery::load
