// The server is a fake that notes what it is asked for; the clock is ours.
#include "master/console/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace rookery::master {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::StartsWith;

class FakeHost final : public ConsoleHost {
 public:
  [[nodiscard]] std::vector<ClientRow> clients() const override {
    return {{.client = 7, .name = "alice", .address = "a", .dialect = "text"}};
  }
  [[nodiscard]] std::uint64_t count_clients() const override { return 3; }
  [[nodiscard]] ServerStatus status() const override { return {.version = "1.2.3", .clients = 3}; }
  [[nodiscard]] std::string kill(std::uint64_t slot) override {
    return slot == 0 ? "OK killed worker 0 pid 17\n" : "ERR no-such-worker workers have numbers from 0 to 0\n";
  }
  [[nodiscard]] std::vector<ProcessRow> processes() const override {
    return {{.state = "serving"}, {.worker = 0, .state = "parked"}};
  }
  [[nodiscard]] bool broadcast(const std::string& text) override {
    if (ledger_is_there) notices.push_back(text);
    return ledger_is_there;
  }
  void kick(std::uint64_t client, const std::string& reason) override { kicks.emplace_back(client, reason); }
  [[nodiscard]] std::optional<std::string> drain(Conversation who, std::uint64_t slot) override {
    plans.push_back("drain " + std::to_string(slot) + " for " + std::to_string(who));
    return std::nullopt;
  }
  [[nodiscard]] std::optional<std::string> scale(Conversation, std::uint64_t workers) override {
    return workers == 3 ? "OK 3 workers\n" : "ERR bad-argument\n";
  }
  [[nodiscard]] std::optional<std::string> upgrade(Conversation who) override {
    upgrades.push_back(who);
    return upgrade_refusal;
  }
  [[nodiscard]] std::optional<std::string> reload(Conversation who) override {
    return "OK reloaded for " + std::to_string(who) + "\n";
  }
  [[nodiscard]] std::optional<std::string> reopen_log(Conversation) override { return "ERR not-opened\n"; }
  [[nodiscard]] std::optional<std::string> ask_ledger(Conversation, const std::string& request) override {
    asked_of_ledger.push_back(request);
    return std::nullopt;
  }
  void stop() override { ++stops; }

  bool ledger_is_there = true;
  std::vector<std::string> notices;
  std::vector<std::pair<std::uint64_t, std::string>> kicks;
  std::vector<std::string> plans;
  std::vector<std::string> asked_of_ledger;
  std::vector<Conversation> upgrades;
  std::optional<std::string> upgrade_refusal;
  int stops = 0;
};

class CommandsTest : public ::testing::Test {
 protected:
  const Commands::TimePoint start_{std::chrono::hours{1}};
  FakeHost host_;
  std::vector<std::pair<Conversation, std::string>> late_;
  Commands commands_{host_,
                     [this](Conversation who, std::string answer) { late_.emplace_back(who, std::move(answer)); }};

  std::string answer(std::string_view line) { return commands_.run(5, line, start_).value_or("(none yet)"); }
};

TEST_F(CommandsTest, WhatTheLedgerKnowsIsAskedOfItAsItWasSaid) {
  EXPECT_EQ(answer("user lock  alice "), "(none yet)");
  EXPECT_EQ(answer("backup"), "(none yet)");
  EXPECT_EQ(host_.asked_of_ledger, (std::vector<std::string>{"user lock  alice", "backup"}));
}

TEST_F(CommandsTest, AnswersEndWithOneVerdict) {
  EXPECT_THAT(answer("list"), EndsWith("\nOK 1 clients\n"));
  EXPECT_EQ(answer("count"), "OK 3 clients\n");
  EXPECT_THAT(answer("workers"), EndsWith("\nOK 1 workers\n"));
  EXPECT_THAT(answer("help"), EndsWith("\nOK\n"));
  EXPECT_THAT(answer("lost"), StartsWith("ERR bad-command "));
}

TEST_F(CommandsTest, TheWordJsonBeforeACommandMakesItsAnswerOneLineOfJson) {
  EXPECT_EQ(answer("json count"), "{\"ok\":true,\"count\":3}\n");
  EXPECT_THAT(answer("json list"), StartsWith("{\"ok\":true,\"clients\":[{\"client\":7,\"name\":\"alice\""));
  EXPECT_THAT(answer(" json  workers "), StartsWith("{\"ok\":true,\"processes\":[{\"process\":\"ledger\""));
  EXPECT_THAT(answer("json status"), StartsWith("{\"ok\":true,\"version\":\"1.2.3\""));
  EXPECT_THAT(answer("json help"), StartsWith("{\"ok\":true,\"commands\":["));
  EXPECT_EQ(answer("json broadcast x"), "{\"ok\":true}\n");
  EXPECT_EQ(answer("json kill 0"), "{\"ok\":true,\"message\":\"killed worker 0 pid 17\"}\n");
  EXPECT_THAT(answer("json kill 7"),
              StartsWith("{\"ok\":false,\"error\":\"no-such-worker\",\"message\":\"workers have "));
  EXPECT_THAT(answer("json lost"), StartsWith("{\"ok\":false,\"error\":\"bad-command\""));
  EXPECT_THAT(answer("json"), StartsWith("{\"ok\":false,\"error\":\"bad-command\""));
}

TEST_F(CommandsTest, WhatIsAnsweredLaterComesAsItWasAskedForAndOnlyOnce) {
  EXPECT_EQ(answer("json drain 2"), "(none yet)");
  EXPECT_EQ(commands_.ask_again(5),
            "{\"ok\":false,\"error\":\"not-now\",\"message\":\"the server was upgraded "
            "meanwhile; ask again\"}\n");
  EXPECT_EQ(commands_.ask_again(6), kAskAgain);
  EXPECT_EQ(commands_.as_wanted(6, "OK drained 2\n"), "OK drained 2\n");
  EXPECT_EQ(commands_.as_wanted(5, "OK drained 2\n"), "{\"ok\":true,\"message\":\"drained 2\"}\n");
  EXPECT_EQ(commands_.as_wanted(5, "OK drained 2\n"), "OK drained 2\n");
}

TEST_F(CommandsTest, BroadcastGoesToTheLedger) {
  EXPECT_EQ(answer("broadcast hello all"), "OK\n");
  EXPECT_THAT(host_.notices, ElementsAre("hello all"));
  host_.ledger_is_there = false;
  EXPECT_THAT(answer("broadcast again"), StartsWith("ERR not-durable "));
}

TEST_F(CommandsTest, AnUpgradeIsRefusedAtOnceOrAnsweredWhenItIsDone) {
  EXPECT_EQ(answer("upgrade"), "(none yet)");
  EXPECT_THAT(host_.upgrades, ElementsAre(5));
  host_.upgrade_refusal = "ERR not-now busy\n";
  EXPECT_EQ(answer("upgrade"), "ERR not-now busy\n");
  EXPECT_THAT(answer("upgrade now"), StartsWith("ERR bad-argument "));
}

TEST_F(CommandsTest, ExitStops) {
  EXPECT_EQ(answer("exit"), "OK stopping\n");
  EXPECT_EQ(host_.stops, 1);
}

TEST_F(CommandsTest, WhatTakesTimeIsAnsweredByTheServer) {
  EXPECT_EQ(answer("drain 2"), "(none yet)");
  EXPECT_THAT(host_.plans, ElementsAre("drain 2 for 5"));
  EXPECT_EQ(answer("scale 3"), "OK 3 workers\n");
  EXPECT_EQ(answer("scale 99"), "ERR bad-argument\n");
}

TEST_F(CommandsTest, AKickIsAnsweredByTheWorkerThatHasTheClient) {
  EXPECT_EQ(answer("kick 12 bye"), "(none yet)");
  EXPECT_THAT(host_.kicks, ElementsAre(Pair(12, "bye")));
  commands_.client_kicked(11);
  EXPECT_THAT(late_, IsEmpty());
  commands_.client_kicked(12);
  EXPECT_THAT(late_, ElementsAre(Pair(5, "OK kicked 12\n")));
  commands_.client_kicked(12);
  commands_.on_due(start_ + std::chrono::hours{1});
  EXPECT_EQ(late_.size(), 1U) << "answered once";
}

TEST_F(CommandsTest, AKickNobodyAnswersIsRefusedInTime) {
  EXPECT_EQ(commands_.next_due(), Commands::TimePoint::max());
  EXPECT_EQ(answer("kick 99"), "(none yet)");
  EXPECT_EQ(commands_.next_due(), start_ + kKickAnswer);
  commands_.on_due(start_ + kKickAnswer - std::chrono::milliseconds{1});
  EXPECT_THAT(late_, IsEmpty());
  commands_.on_due(start_ + kKickAnswer);
  EXPECT_THAT(late_, ElementsAre(Pair(5, "ERR no-such-client 99\n")));
}

}  // namespace
}  // namespace rookery::master
