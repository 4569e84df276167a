// What `churn` and `idle` say of a server that makes mistakes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/load/run.h"
#include "tests/client/load/faults_are.h"
#include "tests/client/load/scripted_people.h"

namespace rookery::load {
namespace {

using namespace std::chrono_literals;

LoadOutcome run(Mode mode, double rate, PeopleHook hook) {
  const ScriptedPeople server(std::move(hook));
  LoadPlan plan;
  plan.mode = mode;
  plan.server = server.endpoint();
  plan.clients = 3;
  plan.rate_per_s = rate;
  plan.warm_up = 0ms;
  plan.duration = 400ms;
  plan.patience = 6s;
  Observer nobody;
  return run_load(plan, nobody);
}

// Once, when some visits are over, in the place of what belongs to `kind`.
PeopleHook once(std::string kind, std::function<Lines(const std::string&)> say) {
  return [kind = std::move(kind), say = std::move(say), done = false](const Utterance& said) mutable {
    if (done || said.kind != kind || said.connection < 12) return Lines{said.text};
    done = true;
    return say(said.text);
  };
}

Lines another(const std::string& text) {
  std::string wrong = text;
  wrong.back() ^= 1;
  return {wrong};
}

class ChurnFaults : public ::testing::TestWithParam<bool> {
 protected:
  static LoadOutcome run_with(PeopleHook hook) { return run(Mode::Churn, GetParam() ? 200 : 0, std::move(hook)); }
  static Faults with(std::uint64_t Faults::*what) {
    Faults expected;
    expected.*what = 1;
    return expected;
  }
};
INSTANTIATE_TEST_SUITE_P(Loops, ChurnFaults, ::testing::Bool(),
                         [](const auto& instance) { return instance.param ? "Open" : "Closed"; });

TEST_P(ChurnFaults, NoneOfAnHonestServer) {
  const LoadOutcome outcome = run_with({});
  EXPECT_THAT(outcome.faults, FaultsAre(Faults{}));
  EXPECT_GT(outcome.operations, 10U);
  for (const char* part : {"connect", "first answer", "visit"})
    EXPECT_EQ(outcome.latency_of.at(part).count(), outcome.operations) << part;
  EXPECT_LE(outcome.latency_of.at("connect").at(0.5), outcome.latency_of.at("first answer").at(0.5));
  EXPECT_LE(outcome.latency_of.at("first answer").at(0.5), outcome.latency_of.at("visit").at(0.5));
}

TEST_P(ChurnFaults, TheFirstAnswerNeverComes) {
  EXPECT_THAT(run_with(once("echo", nothing)).faults, FaultsAre(with(&Faults::unanswered)));
}
TEST_P(ChurnFaults, TheFirstAnswerIsAnotherText) {
  EXPECT_THAT(run_with(once("echo", another)).faults, FaultsAre(with(&Faults::wrong_bytes)));
}
TEST_P(ChurnFaults, OnesOwnWordsAreLost) {
  EXPECT_THAT(run_with(once("room", nothing)).faults, FaultsAre(with(&Faults::lost)));
}
TEST_P(ChurnFaults, OnesOwnWordsComeTwice) {
  EXPECT_THAT(run_with(once("room", twice)).faults, FaultsAre(with(&Faults::doubled)));
}
TEST_P(ChurnFaults, OnesOwnWordsAreOthers) {
  EXPECT_THAT(run_with(once("room", another)).faults, FaultsAre(with(&Faults::wrong_bytes)));
}
TEST_P(ChurnFaults, QuitIsNotAnswered) {
  EXPECT_THAT(run_with(once("quit", [](const std::string&) { return Lines{kCloseIt}; })).faults,
              FaultsAre(with(&Faults::unanswered)));
}
TEST_P(ChurnFaults, QuitIsAnsweredTwice) {
  EXPECT_THAT(run_with(once("quit", twice)).faults, FaultsAre(with(&Faults::doubled)));
}
TEST_P(ChurnFaults, TheServerDoesNotCloseAfterQuit) {
  const LoadOutcome outcome = run_with(once("close", nothing));
  EXPECT_THAT(outcome.faults, FaultsAre(with(&Faults::unanswered)));
  EXPECT_THAT(outcome.faults.examples, ::testing::Contains(::testing::HasSubstr("did not close")));
}
TEST_P(ChurnFaults, TheServerClosesInTheMiddle) {
  EXPECT_THAT(run_with(once("say", [](const std::string&) { return Lines{kCloseIt}; })).faults,
              FaultsAre(with(&Faults::closed)));
}
TEST_P(ChurnFaults, TheServerIsFull) {
  const Faults faults = run_with(once("echo", [](const std::string&) {
                          return Lines{"ERR server-full too many", kCloseIt};
                        })).faults;
  Faults expected;
  expected.refused["server-full"] = 1;
  EXPECT_THAT(faults, FaultsAre(expected));
}

// Visits that are due wait while all clients are at one, and that is in their time.
TEST(ChurnOpenLoop, AVisitWaitsForAFreeClient) {
  bool done = false;
  const LoadOutcome outcome = run(Mode::Churn, 200, [&done](const Utterance& said) {
    if (!done && said.kind == "echo" && said.connection >= 12) {
      done = true;
      std::this_thread::sleep_for(150ms);  // the server stalls
    }
    return Lines{said.text};
  });
  EXPECT_THAT(outcome.faults, FaultsAre(Faults{}));
  EXPECT_EQ(outcome.operations, 80U);
  EXPECT_GT(outcome.latency.at(0.9), 100ms);  // a third of all were due in these 150 ms
}

LoadOutcome run_idle(PeopleHook hook) {
  return run(Mode::Idle, 0, std::move(hook));
}
// The pings after the one of the greeting.
PeopleHook at_the_end(std::function<Lines(const Utterance&)> say) {
  return [say = std::move(say)](const Utterance& said) {
    return said.kind == "ping" && said.index == 1 && said.connection == 2 ? say(said) : Lines{said.text};
  };
}

TEST(IdleFaults, NoneOfAnHonestServer) {
  const LoadOutcome outcome = run_idle({});
  EXPECT_THAT(outcome.faults, FaultsAre(Faults{}));
  EXPECT_EQ(outcome.operations, 3U);
  EXPECT_EQ(outcome.latency.count(), 3U);
}
TEST(IdleFaults, OneDoesNotAnswer) {
  const LoadOutcome outcome = run_idle(at_the_end([](const Utterance&) { return Lines{}; }));
  Faults expected;
  expected.unanswered = 1;
  EXPECT_THAT(outcome.faults, FaultsAre(expected));
  EXPECT_EQ(outcome.operations, 2U);
}
TEST(IdleFaults, OneAnswersTwice) {
  Faults expected;
  expected.doubled = 1;
  EXPECT_THAT(run_idle(at_the_end([](const Utterance& said) { return twice(said.text); })).faults, FaultsAre(expected));
}
TEST(IdleFaults, OneAnswersNonsense) {
  const Faults faults = run_idle(at_the_end([](const Utterance&) { return Lines{"what?"}; })).faults;
  EXPECT_EQ(faults.wrong_bytes, 1U);
  EXPECT_EQ(faults.unanswered, 1U);
}
// In the middle: when the last one has come, another one is cut off.
TEST(IdleFaults, OneIsClosed) {
  const LoadOutcome outcome = run_idle([](const Utterance& said) {
    if (said.kind == "ping" && said.index == 0 && said.connection == 3) return Lines{said.text, kCloseIt};
    return Lines{said.text};
  });
  Faults expected;
  expected.closed = 1;
  EXPECT_THAT(outcome.faults, FaultsAre(expected));
  EXPECT_EQ(outcome.operations, 2U);
}

}  // namespace
}  // namespace rookery::load
