#include "master/upgrade/state.h"

#include <gmock/gmock.h>

#include <functional>

#include "tests/master/upgrade/some_state.h"

namespace rookery::master {
namespace {

using testing::HasSubstr;

void replace(std::string& text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
}

std::string why_refused(const std::string& text) {
  try {
    static_cast<void>(decode(text));
  } catch (const BadState& bad) {
    return bad.what();
  }
  return "it was believed";
}

TEST(UpgradeStateTest, ComesBackAsItWas) {
  const State state = some_state();
  const State same = decode(encode(state));
  EXPECT_EQ(encode(same), encode(state));
  EXPECT_EQ(same.program, state.program);
  EXPECT_EQ(same.typed, state.typed) << "NUL bytes too";
  ASSERT_EQ(same.conversations.size(), 1U);
  EXPECT_EQ(same.conversations[0].output, state.conversations[0].output);
  ASSERT_EQ(same.held.size(), 2U);
  EXPECT_EQ(same.held[0].socket, 60);
  EXPECT_EQ(same.held[0].accused_ns, -5);
  EXPECT_TRUE(same.held[0].doubt);
  EXPECT_EQ(same.held[1].socket, -1) << "a client whose socket was lost";
  EXPECT_EQ(same.last_slot_epoch, ~0ULL);
  EXPECT_TRUE(same.places[1].drained);
}

TEST(UpgradeStateTest, WhatANewerProgramAddsIsPassedOver) {
  const State state = some_state();
  std::string text = encode(state) + "weather sunny 21\n";
  replace(text, "place 11 10 3 0 1", "place 11 10 3 0 1 =more 5");
  EXPECT_EQ(encode(decode(text)), encode(state));
}

TEST(UpgradeStateTest, WhatAnOlderProgramLacksHasItsDefault) {
  std::string text = encode(some_state());
  replace(text, "ledger-restarts 5\n", "");
  replace(text, "place 11 10 3 0 1", "place 11 10");
  const State state = decode(text);
  EXPECT_EQ(state.ledger_restarts, 0U);
  EXPECT_EQ(state.places[0].restarts, 0U);
  EXPECT_FALSE(state.places[0].awaits_ledger);
}

TEST(UpgradeStateTest, NothingDamagedIsBelieved) {
  const std::string good = encode(some_state());
  EXPECT_THAT(why_refused(""), HasSubstr("no end"));
  EXPECT_THAT(why_refused(good.substr(0, good.size() - 1)), HasSubstr("no end"));
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    replace(text, from, to);
    return why_refused(text);
  };
  EXPECT_THAT(with("rookery-state 1", "rookery-state 2"), HasSubstr("format 2"));
  EXPECT_THAT(with("pid 4711", "pid 4711x"), HasSubstr("'pid'"));
  EXPECT_THAT(with("pid 4711", "pid 99999999999999"), HasSubstr("'pid'"));
  EXPECT_THAT(with("scale 1", "scale -1"), HasSubstr("'scale'"));
  EXPECT_THAT(with("version =1.2.3", "version 1.2.3"), HasSubstr("text"));
  EXPECT_THAT(with("program =/usr/bin/rookery%20", "program =/usr/bin/rookery%2"), HasSubstr("text"));
  EXPECT_THAT(with("lock 4", "lock 4\nlock 4"), HasSubstr("'lock'"));
}

TEST(UpgradeStateTest, NumbersThatDoNotGoTogetherAreRefused) {
  const auto with = [](const std::function<void(State&)>& change) {
    State state = some_state();
    change(state);
    return why_refused(encode(state));
  };
  EXPECT_THAT(with([](State& s) { s.kept.places = 3; }), HasSubstr("regions"));
  EXPECT_THAT(with([](State& s) { s.kept.loops = 1; }), HasSubstr("doorbells"));
  EXPECT_THAT(with([](State& s) { s.kept.loops = 100'000; }), HasSubstr("loops"));
  EXPECT_THAT(with([](State& s) { s.kept.places = 0x8000'0000; }), HasSubstr("workers"));
  EXPECT_THAT(with([](State& s) { s.places.pop_back(); }), HasSubstr("places"));
  EXPECT_THAT(with([](State& s) { s.scale = 3; }), HasSubstr("to serve"));
  EXPECT_THAT(with([](State& s) { s.kept.model = 9; }), HasSubstr("model"));
  EXPECT_THAT(with([](State& s) { s.held[0].worker = 2; }), HasSubstr("place"));
  EXPECT_THAT(with([](State& s) { s.held[0].index = 100; }), HasSubstr("place"));
  EXPECT_THAT(with([](State& s) { s.held[0].client = 0; }), HasSubstr("place"));
}

TEST(UpgradeStateTest, NoDescriptorIsTwoThingsAtOnce) {
  const auto with = [](const std::function<void(State&)>& change) {
    State state = some_state();
    change(state);
    return why_refused(encode(state));
  };
  EXPECT_THAT(with([](State& s) { s.lock = s.listener; }), HasSubstr("descriptor of the listener"));
  EXPECT_THAT(with([](State& s) { s.held[0].socket = s.listener; }), HasSubstr("descriptor of a client"));
  EXPECT_THAT(with([](State& s) { s.held[1].socket = s.held[0].socket; }), HasSubstr("descriptor of a client"));
  EXPECT_THAT(with([](State& s) { s.log_ring.reader = 2; }), HasSubstr("descriptor of the log ring"));
  EXPECT_THAT(with([](State& s) { s.conversations[0].socket = -1; }), HasSubstr("descriptor of a conversation"));
}

// Any single byte damaged: refused, or still a state that makes sense. (A sanitizer sees the rest.)
TEST(UpgradeStateTest, AnyDamagedByteIsSurvived) {
  const std::string good = encode(some_state());
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const char damage : {'\0', '\n', ' ', '%', '=', '9', '-'}) {
      std::string text = good;
      text[at] = damage;
      try {
        const State state = decode(text);
        EXPECT_EQ(state.worker_regions.size(), state.kept.places);
      } catch (const BadState&) {  // as good
      }
    }
  }
}

}  // namespace
}  // namespace rookery::master
