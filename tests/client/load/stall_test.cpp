// A server that stops once, on purpose: an open loop shows it in the latencies of all requests that fell due meanwhile,
// a closed loop in those few that were under way.
#include <gtest/gtest.h>

#include <thread>

#include "client/load/run.h"
#include "tests/client/load/scripted_chat.h"

namespace rookery::load {
namespace {

using namespace std::chrono_literals;

constexpr auto kStall = 300ms;
constexpr double kRate = 400;
constexpr std::uint32_t kClients = 4;

// The server stops at this answer to its first client.
LoadOutcome run_against_stall(double rate, std::uint64_t at = 40, std::uint32_t clients = kClients,
                              std::uint32_t message_bytes = 100) {
  const ScriptedChat server({.echo = [at](const Line& line) {
    if (line.connection == 0 && line.index == at) std::this_thread::sleep_for(kStall);
    return Lines{line.text};
  }});
  LoadPlan plan;
  plan.server = server.endpoint();
  plan.clients = clients;
  plan.message_bytes = message_bytes;
  plan.rate_per_s = rate;
  plan.warm_up = 0ms;
  plan.duration = 1s;
  plan.patience = 30s;  // a watchdog
  Observer nobody;
  return run_load(plan, nobody);
}

std::uint64_t slower_than(const Histogram& latency, Histogram::Nanoseconds limit) {
  std::uint64_t slower = 0;
  for (const auto& [edge, count] : latency.buckets())
    if (edge > limit) slower += count;
  return slower;
}

TEST(OpenLoop, ShowsAStallInEveryRequestThatFellDueInIt) {
  const LoadOutcome outcome = run_against_stall(kRate);
  EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(outcome.operations, static_cast<std::uint64_t>(kRate));  // one second's worth: none was left out
  // 120 of 400 were due in the stall, 2.5 ms apart: the first waited for all of it, the last hardly.
  const double due_in_stall = kRate * std::chrono::duration<double>(kStall).count();
  EXPECT_GE(outcome.latency.max(), kStall * 9 / 10);
  EXPECT_GE(outcome.latency.at(0.99), kStall * 9 / 10);
  EXPECT_GE(outcome.latency.at(0.9), kStall / 2);
  EXPECT_GE(static_cast<double>(slower_than(outcome.latency, kStall / 2)), due_in_stall / 2 * 0.9);
}

TEST(ClosedLoop, ShowsAStallOnlyInWhatWasUnderWay) {
  const LoadOutcome closed = run_against_stall(0);
  EXPECT_TRUE(closed.ok());
  EXPECT_GE(closed.latency.max(), kStall * 9 / 10);
  const double due_in_half = kRate * std::chrono::duration<double>(kStall).count() / 2;
  EXPECT_LT(static_cast<double>(slower_than(closed.latency, kStall / 2)), due_in_half / 2);
}

// The answers come when the counted time is over; what was due before counts.
TEST(OpenLoop, ShowsAStallAtTheEnd) {
  const LoadOutcome outcome = run_against_stall(kRate, 90);
  EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(outcome.operations, static_cast<std::uint64_t>(kRate));
  EXPECT_GE(outcome.latency.max(), kStall * 9 / 10);
  EXPECT_GT(outcome.seconds, 1.0);
}

// A server that does not read: the requests cannot even be sent when they are due, and count from then all the same.
TEST(OpenLoop, CountsFromTheScheduleWhatCouldNotBeSentInTime) {
  const double rate = 3000;
  const LoadOutcome outcome = run_against_stall(rate, 1000, 1, 8000);
  EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(outcome.operations, static_cast<std::uint64_t>(rate));
  const double due_in_stall = rate * std::chrono::duration<double>(kStall).count();
  EXPECT_GE(static_cast<double>(slower_than(outcome.latency, kStall / 10)), due_in_stall * 0.9 * 0.9);
}

TEST(OpenLoop, KeepsItsRate) {
  const LoadOutcome outcome = run_against_stall(997);
  EXPECT_EQ(outcome.operations, 997U);
  EXPECT_EQ(outcome.latency.count(), outcome.operations);
}

}  // namespace
}  // namespace rookery::load
