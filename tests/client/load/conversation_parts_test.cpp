// What the scenario `accounts` is made of: the ears of a client that comes and goes, the answers it reads, the names it
// makes up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "client/load/scenario/accounts_board.h"
#include "client/load/scenario/ears.h"
#include "client/load/speech.h"
#include "client/load/talk.h"

namespace rookery::load {
namespace {

class EarsTest : public ::testing::Test {
 protected:
  EarsTest() { ears_.add(speaker_, Channel::Room); }
  void said(std::uint64_t count) {
    speaker_.stream(Channel::Room).sent = count;
    speaker_.stream(Channel::Room).acked = count;
  }
  void hear(std::uint64_t number) { ears_.hear(0, number, faults_); }

  Speaker speaker_;
  Ears ears_;
  Faults faults_;
};

TEST_F(EarsTest, WhatWasSaidBeforeOneCameIsNotLost) {
  said(5);
  ears_.set_ajar();
  ears_.open();
  ears_.promise();
  ears_.collect();
  EXPECT_EQ(ears_.lost(), 0U);
}

TEST_F(EarsTest, WhatWasSaidAfterwardsMustBeHereAtThePong) {
  said(5);
  ears_.set_ajar();
  ears_.open();
  said(8);
  hear(5);
  ears_.promise();
  said(9);  // after the ping: it may come or not
  hear(6);
  ears_.collect();
  EXPECT_EQ(ears_.lost(), 1U);  // 7
  ears_.shut();
  EXPECT_EQ(ears_.lost(), 1U);
}

TEST_F(EarsTest, WhileItComesOrGoesThereMayBeNoGap) {
  said(9);
  ears_.set_ajar();
  hear(3);
  ears_.open();
  hear(5);
  EXPECT_EQ(ears_.lost(), 4U);  // 4, and 6 to 8, which are acknowledged
  hear(4);
  EXPECT_EQ(faults_.out_of_order, 1U);
  EXPECT_EQ(ears_.lost(), 3U);
}

TEST_F(EarsTest, NothingComesTwiceEvenWhenOneWasAway) {
  said(3);
  ears_.open();
  said(4);
  hear(3);
  ears_.shut();
  said(9);
  ears_.set_ajar();
  hear(3);
  EXPECT_EQ(faults_.doubled, 1U);
  hear(8);
  EXPECT_EQ(ears_.lost(), 4U);  // 3 came again, so it was there for 4 to 7
}

TEST_F(EarsTest, CompleteWhenTheSpeakersAreDone) {
  EXPECT_TRUE(ears_.complete());
  ears_.open();
  said(1);
  EXPECT_FALSE(ears_.complete());
  speaker_.done = true;
  EXPECT_FALSE(ears_.complete());
  hear(0);
  EXPECT_TRUE(ears_.complete());
}

TEST(Talk, ReadsTheAnswersOfBothDialects) {
  const Talk text(wire::DialectId::Text);
  const Talk json(wire::DialectId::JsonLines);
  EXPECT_EQ(text.registered("OK registered alice"), "alice");
  EXPECT_EQ(json.registered(R"({"re":"register","id":2,"ok":true,"name":"bob"})"), "bob");
  EXPECT_EQ(json.registered(R"({"re":"login","id":2,"ok":true,"name":"bob"})"), std::nullopt);
  EXPECT_EQ(json.registered(R"({"re":"register","id":2,"ok":false,"error":"name-taken"})"), std::nullopt);
  EXPECT_EQ(text.logged_in("OK logged in as alice, client 17")->client, 17U);
  EXPECT_EQ(text.logged_in("OK logged in as alice, client 17")->name, "alice");
  EXPECT_EQ(json.logged_in(R"({"re":"login","id":3,"ok":true,"client":18,"name":"bob","epoch":"e","seq":8})")->client,
            18U);
  EXPECT_TRUE(text.joined("OK joined #garden, 1 members", "#garden"));
  EXPECT_FALSE(text.joined("OK joined #garden, 1 members", "#gard"));
  EXPECT_FALSE(text.joined("OK left #garden, 1 members", "#garden"));
  EXPECT_TRUE(json.left(R"({"re":"leave","id":15,"ok":true,"room":"#garden","members":1})", "#garden"));
  EXPECT_FALSE(json.left(R"({"re":"leave","id":15,"ok":false,"error":"not-in-room"})", "#garden"));
  const Counted roses{.words = 4, .characters = 19, .vowels = 5, .odd_words = 4};
  EXPECT_EQ(text.counted("OK words=4 characters=19 vowels=5 odd-words=4 ms=0.026"), roses);
  EXPECT_EQ(
      json.counted(R"({"re":"count","id":1,"ok":true,"words":4,"characters":19,"vowels":5,"odd_words":4,"ms":0.015})"),
      roses);
  EXPECT_EQ(text.history_end("OK 12 messages"), 12U);
  EXPECT_EQ(text.history_end("OK 12"), std::nullopt);
  const auto history =
      json.history_answer(R"({"re":"history","id":12,"ok":true,"messages":[{"event":"message","seq":9,"room":"*",)"
                          R"("from":{"client":18,"name":"bob"},"text":"hello \"all\""}]})");
  ASSERT_TRUE(history && history->size() == 1);
  EXPECT_EQ(history->front().text, "hello \"all\"");
  EXPECT_EQ(history->front().sender, "bob");
  EXPECT_EQ(history->front().client, 18U);
  EXPECT_EQ(history->front().seq, 9U);
}

TEST(Talk, WhoSaidIt) {
  Speech text(wire::DialectId::Text);
  Speech json(wire::DialectId::JsonLines);
  for (const std::string_view line : {"[#garden] alice(17): roses (12): red", "[@] alice(17): yes?"}) {
    EXPECT_EQ(text.understand(line).sender, "alice");
    EXPECT_EQ(text.understand(line).client, 17U);
  }
  for (
      const std::string_view line :
      {R"({"event":"message","seq":14,"epoch":"e","time":"t","room":"#g","from":{"client":17,"name":"alice"},"text":"x"})",
       R"({"event":"message","seq":14,"epoch":"e","time":"t","room":"#g","from":{"client":17,"name":"alice"},"text":"\""})",
       R"({"event":"message","seq":15,"epoch":"e","time":"t","to":"bob","from":{"client":17,"name":"alice"},"text":"x"})"}) {
    EXPECT_EQ(json.understand(line).sender, "alice") << line;
    EXPECT_EQ(json.understand(line).client, 17U) << line;
  }
}

TEST(AccountsBoard, NamesAreTheServersAndUnique) {
  LoadPlan plan;
  plan.clients = AccountsBoard::kMostClients;
  const AccountsBoard board(plan);
  EXPECT_EQ(board.registrars() + board.speakers(), plan.clients);
  std::set<std::string> names;
  const auto is_good = [](const std::string& name) {
    return name.size() <= 32 && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
  };
  for (std::uint32_t i = 0; i < board.speakers(); ++i) {
    names.insert(board.speaker(i).account);
    EXPECT_TRUE(is_good(board.speaker(i).account));
    EXPECT_TRUE(is_good(board.room_of(i).substr(1)));
    EXPECT_EQ(board.partner_of(board.who_writes_to(i)), i);
    EXPECT_EQ(board.room_of(board.partner_of(i)), board.room_of(i));
  }
  for (std::uint32_t i = 0; i < board.registrars(); ++i) {
    names.insert(board.new_account(i, 0xffffff));
    EXPECT_TRUE(is_good(board.new_account(i, 0xffffff))) << board.new_account(i, 0xffffff);
  }
  EXPECT_EQ(names.size(), plan.clients);
}

}  // namespace
}  // namespace rookery::load
