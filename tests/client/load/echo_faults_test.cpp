// What `echo` says of a server that makes mistakes: each kind of mistake by its own name, and nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "client/load/run.h"
#include "tests/client/load/faults_are.h"
#include "tests/client/load/scripted_chat.h"

namespace rookery::load {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kWhen = 7;  // the answer with which something is wrong

class EchoFaults : public ::testing::TestWithParam<bool> {
 protected:
  Faults faults_with(Hook echo, std::uint32_t clients = 1) {
    const ScriptedChat server({.echo = std::move(echo)});
    LoadPlan plan;
    plan.server = server.endpoint();
    plan.clients = clients;
    plan.window = 4;
    if (GetParam()) plan.rate_per_s = 500;
    plan.warm_up = 0ms;
    plan.duration = 300ms;
    plan.patience = 6s;
    Observer nobody;
    return run_load(plan, nobody).faults;
  }
};
INSTANTIATE_TEST_SUITE_P(Loops, EchoFaults, ::testing::Bool(),
                         [](const auto& instance) { return instance.param ? "Open" : "Closed"; });

TEST_P(EchoFaults, NoneOfAnHonestServer) {
  EXPECT_THAT(faults_with({}, 3), FaultsAre(Faults{}));
}

TEST_P(EchoFaults, Lost) {
  const Faults faults = faults_with([](const Line& line) { return line.index == kWhen ? Lines{} : Lines{line.text}; });
  Faults expected;
  expected.lost = 1;
  EXPECT_THAT(faults, FaultsAre(expected));
}

TEST_P(EchoFaults, Doubled) {
  const Faults faults = faults_with([](const Line& line) {
    return line.index == kWhen ? Lines{line.text, line.text} : Lines{line.text};
  });
  Faults expected;
  expected.doubled = 1;
  EXPECT_THAT(faults, FaultsAre(expected));
}

TEST_P(EchoFaults, OutOfOrder) {
  std::optional<std::string> held;
  const Faults faults = faults_with([&held](const Line& line) {
    if (line.index == kWhen) {
      held = line.text;
      return Lines{};
    }
    Lines lines{line.text};
    if (held) lines.push_back(*held);
    held.reset();
    return lines;
  });
  Faults expected;
  expected.out_of_order = 1;
  EXPECT_THAT(faults, FaultsAre(expected));
}

// Each byte of the text matters: the head is checked by the numbers in it, the rest by comparison.
TEST_P(EchoFaults, WrongBytes) {
  for (const std::size_t place : {std::size_t{6}, std::size_t{8}, std::size_t{20}, std::size_t{36}, std::size_t{105}}) {
    const Faults faults = faults_with([place](const Line& line) {
      std::string text = line.text;
      if (line.index == kWhen) text[place] = text[place] == 'e' ? 'f' : 'e';
      return Lines{text};
    });
    Faults expected;
    expected.wrong_bytes = 1;
    EXPECT_THAT(faults, FaultsAre(expected)) << "at " << place;
  }
}

TEST_P(EchoFaults, TooShort) {
  const Faults faults = faults_with([](const Line& line) {
    return Lines{line.index == kWhen ? line.text.substr(0, line.text.size() - 1) : line.text};
  });
  Faults expected;
  expected.wrong_bytes = 1;
  EXPECT_THAT(faults, FaultsAre(expected));
}

TEST_P(EchoFaults, SomebodyElsesAnswer) {
  std::string other;
  const Faults faults = faults_with(
      [&other](const Line& line) {
        if (line.connection == 1 && line.index == kWhen) other = line.text;
        if (line.connection == 0 && !other.empty()) return Lines{std::exchange(other, {})};
        return Lines{line.text};
      },
      2);
  Faults expected;
  expected.wrong_bytes = 1;
  EXPECT_THAT(faults, FaultsAre(expected));
}

TEST_P(EchoFaults, Refused) {
  const Faults faults = faults_with(
      [](const Line& line) { return Lines{line.index == kWhen ? "ERR rate-limited slowly please" : line.text}; });
  Faults expected;
  expected.refused["rate-limited"] = 1;
  EXPECT_THAT(faults, FaultsAre(expected));
}

TEST_P(EchoFaults, NeverAnsweredAgain) {
  std::uint64_t swallowed = 0;
  const Faults faults = faults_with([&swallowed](const Line& line) {
    if (line.index < kWhen) return Lines{line.text};
    ++swallowed;
    return Lines{};
  });
  Faults expected;
  expected.unanswered = swallowed;
  if (GetParam()) {
    EXPECT_GT(swallowed, 4U);  // the schedule goes on
  } else {
    EXPECT_EQ(swallowed, 4U);  // the window stays closed
  }
  EXPECT_THAT(faults, FaultsAre(expected));
}

TEST_P(EchoFaults, Closed) {
  const Faults faults =
      faults_with([](const Line& line) { return Lines{line.index == kWhen ? kCloseIt : line.text}; }, 3);
  EXPECT_EQ(faults.closed, 3U);
  EXPECT_GE(faults.unanswered, 3U);
  EXPECT_EQ(faults.lost + faults.doubled + faults.out_of_order + faults.wrong_bytes, 0U);
}

TEST_P(EchoFaults, WhatNobodyAskedFor) {
  const Faults faults = faults_with([](const Line& line) {
    return line.index == kWhen ? Lines{"OK 12", line.text} : Lines{line.text};
  });
  EXPECT_GE(faults.wrong_bytes, 1U);
}

// Others may chat on the same server.
TEST_P(EchoFaults, EventsAreNoFault) {
  const Faults faults = faults_with([](const Line& line) {
    return Lines{"[#lobby] guest9(9): hello", "[!] maintenance at six", line.text};
  });
  EXPECT_THAT(faults, FaultsAre(Faults{}));
}

}  // namespace
}  // namespace rookery::load
