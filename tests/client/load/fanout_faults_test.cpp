// What `fanout` says of a server that makes mistakes. Connections come in the order of the clients' numbers only where
// there is one at a time, so the hooks choose a connection by what it gets, not by its number.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "client/load/run.h"
#include "tests/client/load/faults_are.h"
#include "tests/client/load/scripted_chat.h"

namespace rookery::load {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kWrongLine = 7;
// Client 0 is the sender and connects first.
constexpr std::size_t kVictim = 2;

class FanoutFaults : public ::testing::TestWithParam<bool> {
 protected:
  LoadOutcome run_with(Mischief mischief) {
    const ScriptedChat server(std::move(mischief));
    plan_.mode = Mode::Fanout;
    plan_.server = server.endpoint();
    plan_.clients = 3;
    plan_.window = 4;
    if (GetParam()) plan_.rate_per_s = 500;
    plan_.warm_up = 0ms;
    plan_.duration = 300ms;
    plan_.patience = 6s;
    Observer nobody;
    return run_load(plan_, nobody);
  }
  // With this for each message to one reader, and no mistake for the others.
  Faults faults_with(const Hook& deliver) {
    return run_with({.deliver =
                         [&deliver](const Line& line) {
                           return line.connection == kVictim ? deliver(line) : Lines{line.text};
                         }})
        .faults;
  }
  LoadPlan plan_;
};
INSTANTIATE_TEST_SUITE_P(Loops, FanoutFaults, ::testing::Bool(),
                         [](const auto& instance) { return instance.param ? "Open" : "Closed"; });

TEST_P(FanoutFaults, NoneOfAnHonestServer) {
  plan_.senders = 3;
  plan_.threads = 2;
  const LoadOutcome outcome = run_with({});
  EXPECT_THAT(outcome.faults, FaultsAre(Faults{}));
  EXPECT_GT(outcome.sent, 0U);
  EXPECT_GE(outcome.operations, outcome.sent);
}

TEST_P(FanoutFaults, Lost) {
  Faults expected;
  expected.lost = 1;
  EXPECT_THAT(faults_with([](const Line& line) { return line.index == kWrongLine ? Lines{} : Lines{line.text}; }),
              FaultsAre(expected));
}

TEST_P(FanoutFaults, LostAtTheEndThoughAcknowledged) {
  std::uint64_t swallowed = 0;
  const Faults faults = faults_with([&swallowed](const Line& line) {
    if (line.index < kWrongLine) return Lines{line.text};
    ++swallowed;
    return Lines{};
  });
  Faults expected;
  expected.lost = swallowed;
  if (GetParam()) {
    EXPECT_GT(swallowed, 4U);  // the schedule goes on
  } else {
    EXPECT_EQ(swallowed, 4U);  // the window stays closed
  }
  EXPECT_THAT(faults, FaultsAre(expected));
}

TEST_P(FanoutFaults, Doubled) {
  Faults expected;
  expected.doubled = 1;
  EXPECT_THAT(faults_with([](const Line& line) {
                return line.index == kWrongLine ? Lines{line.text, line.text} : Lines{line.text};
              }),
              FaultsAre(expected));
}

TEST_P(FanoutFaults, OutOfOrder) {
  std::optional<std::string> held;
  Faults expected;
  expected.out_of_order = 1;
  EXPECT_THAT(faults_with([&held](const Line& line) {
                if (line.index == kWrongLine) {
                  held = line.text;
                  return Lines{};
                }
                Lines lines{line.text};
                if (held) lines.push_back(*held);
                held.reset();
                return lines;
              }),
              FaultsAre(expected));
}

TEST_P(FanoutFaults, WrongBytes) {
  Faults expected;
  expected.wrong_bytes = 1;
  EXPECT_THAT(faults_with([](const Line& line) {
                std::string text = line.text;
                if (line.index == kWrongLine) text.back() = text.back() == 'e' ? 'f' : 'e';
                return Lines{text};
              }),
              FaultsAre(expected));
}

// The server may leave messages out for who is slow, and says so; what it says is lost, once.
TEST_P(FanoutFaults, MissedAsTheServerSays) {
  Faults expected;
  expected.lost = 3;
  EXPECT_THAT(faults_with([](const Line& line) {
                if (line.index == kWrongLine) return Lines{"[!] missed 3 messages"};
                return line.index > kWrongLine && line.index < kWrongLine + 3 ? Lines{} : Lines{line.text};
              }),
              FaultsAre(expected));
}

// Each sender's messages come in order, but one reader hears two senders in another order than the others do.
TEST_P(FanoutFaults, AnotherOrderThanTheOthers) {
  plan_.senders = 2;
  std::optional<std::string> held;
  bool done = false;
  const auto who = [](const std::string& event) { return event.substr(0, event.find(':')); };
  const LoadOutcome outcome = run_with({.deliver = [&](const Line& line) {
    if (line.connection != 3 || done) return Lines{line.text};
    if (!held) {
      if (line.index >= kWrongLine) held = line.text;
      return held ? Lines{} : Lines{line.text};
    }
    if (who(*held) == who(line.text)) return Lines{*std::exchange(held, line.text)};
    done = true;
    return Lines{line.text, *held};
  }});
  ASSERT_TRUE(done);
  Faults expected;
  expected.out_of_order = 1;
  EXPECT_THAT(outcome.faults, FaultsAre(expected));
}

TEST_P(FanoutFaults, NotAcknowledged) {
  std::uint64_t swallowed = 0;
  const LoadOutcome outcome = run_with({.acknowledge = [&swallowed](const Line& line) {
    if (line.index < kWrongLine) return Lines{line.text};
    ++swallowed;
    return Lines{};
  }});
  Faults expected;
  expected.unanswered = swallowed;
  if (GetParam()) {
    EXPECT_GT(swallowed, 4U);  // the schedule goes on
  } else {
    EXPECT_EQ(swallowed, 4U);  // the window stays closed
  }
  EXPECT_THAT(outcome.faults, FaultsAre(expected));
}

TEST_P(FanoutFaults, AcknowledgedUnderAnOldNumber) {
  const LoadOutcome outcome =
      run_with({.acknowledge = [](const Line& line) { return Lines{line.index == kWrongLine ? "OK 1" : line.text}; }});
  Faults expected;
  expected.out_of_order = 1;
  EXPECT_THAT(outcome.faults, FaultsAre(expected));
}

// What was refused and reached nobody is not lost.
TEST_P(FanoutFaults, Refused) {
  const LoadOutcome outcome = run_with(
      {.deliver = [](const Line& line) { return line.index == kWrongLine ? Lines{} : Lines{line.text}; },
       .acknowledge =
           [](const Line& line) { return Lines{line.index == kWrongLine ? "ERR not-durable no disk" : line.text}; }});
  Faults expected;
  expected.refused["not-durable"] = 1;
  EXPECT_EQ(counts_of(outcome.faults), counts_of(expected)) << ::testing::PrintToString(outcome.faults.examples);
}

TEST_P(FanoutFaults, AReaderIsCutOffAndTheOthersGoOn) {
  std::uint64_t others = 0;
  const LoadOutcome outcome = run_with({.deliver = [&others](const Line& line) {
    if (line.connection == 1) others = line.index;
    return Lines{line.connection == kVictim && line.index == kWrongLine ? kCloseIt : line.text};
  }});
  EXPECT_EQ(outcome.faults.closed, 1U);
  EXPECT_EQ(outcome.faults.unanswered, 0U);
  EXPECT_GT(others, kWrongLine + std::uint64_t{2} * plan_.window);  // the window did not stay closed
}

}  // namespace
}  // namespace rookery::load
