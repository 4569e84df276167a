// The client that comes back, and the look into the histories, with a server that the test plays itself.
#include "client/load/compare/returning_client.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "client/load/compare/history_check.h"
#include "tests/client/load/compare/line_server.h"

namespace rookery::load {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;

std::string honest(const std::string& line) {
  const json asked = json::parse(line);
  json answer{{"re", asked.at("op")}, {"id", asked.at("id")}, {"ok", true}};
  if (asked.at("op") == "echo") answer["text"] = asked.at("text");
  if (asked.at("op") == "say") answer["seq"] = 100 + asked.at("id").get<int>();
  return answer.dump();
}

// Is it the answer to the request with this number?
bool is_request(const std::string& line, int number) {
  return json::parse(line).at("id") == number;
}

class Return : public ::testing::Test {
 protected:
  void begin(LineServer::Answer answer) {
    server_.emplace(std::move(answer));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = ::htons(server_->port());
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    client_.emplace(poller_, 0, address, "#room");
    client_->connect(os::Monotonic::now());
    run_until([this] { return client_->is_here(); });
  }

  void run_until(const std::function<bool()>& done) {
    const Time deadline = os::Monotonic::now() + 30s;
    while (!done()) {
      ASSERT_LT(os::Monotonic::now(), deadline) << client_->complaint();
      const auto ready = poller_.wait(10ms);
      for (const epoll_event& event : ready) client_->on_ready(event.events, os::Monotonic::now());
      client_->on_time(os::Monotonic::now());
    }
  }

  void ask(int times) {
    for (int i = 0; i < times; ++i) client_->ask(os::Monotonic::now());
  }
  void run_until_all_is_answered() {
    run_until([this] { return client_->is_here() && client_->requests_open() == 0; });
  }

  os::Poller poller_;
  std::optional<LineServer> server_;
  std::optional<ReturningClient> client_;
};

TEST_F(Return, AHonestServerGivesNoCauseForComplaint) {
  begin(honest);
  ask(4);
  run_until_all_is_answered();
  EXPECT_EQ(client_->complaint(), "");
  EXPECT_EQ(client_->requests().at(3).seq, 103U);
  EXPECT_TRUE(client_->cuts().empty());
}

TEST_F(Return, ARefusalIsOneComplaintAndTheOthersAreAnswered) {
  begin([](const std::string& line) {
    return is_request(line, 1) ? R"({"re":"say","id":1,"ok":false,"error":"rate-limited"})" : honest(line);
  });
  ask(4);
  run_until_all_is_answered();
  EXPECT_THAT(client_->complaint(), HasSubstr("rate-limited"));
  for (const int number : {0, 2, 3}) EXPECT_FALSE(client_->requests().at(static_cast<std::size_t>(number)).is_refused);
  EXPECT_TRUE(client_->requests().at(1).is_refused);
  EXPECT_EQ(client_->requests().at(3).seq, 103U);
}

TEST_F(Return, AnswersOfAnotherKindAreAComplaint) {
  begin([](const std::string& line) {
    return is_request(line, 0) ? R"({"re":"echo","id":0,"ok":true,"text":7})" : honest(line);
  });
  ask(2);
  run_until_all_is_answered();
  EXPECT_THAT(client_->complaint(), HasSubstr("not what was sent"));

  begin([](const std::string& line) {
    return is_request(line, 0) ? R"({"re":"echo","id":0,"ok":"yes"})" : honest(line);
  });
  ask(2);
  run_until_all_is_answered();
  EXPECT_THAT(client_->complaint(), HasSubstr("yes"));
}

TEST_F(Return, ItRemembersWhenItWasCutOffAndWhenItWasBack) {
  begin([](const std::string& line) { return is_request(line, 1) ? LineServer::kCloseIt : honest(line); });
  ask(4);
  run_until([this] { return !client_->cuts().empty(); });
  run_until_all_is_answered();
  ASSERT_EQ(client_->cuts().size(), 1U);
  ASSERT_EQ(client_->arrivals().size(), 2U);
  EXPECT_LT(client_->arrivals()[0], client_->cuts()[0]);
  EXPECT_LT(client_->cuts()[0], client_->arrivals()[1]);
  EXPECT_EQ(client_->complaint(), "");
}

TEST(HistoryCheck, WhatCannotBeUnderstoodIsAnError) {
  for (const char* answer : {R"({"re":"history","ok":true})", R"({"re":"history","ok":"yes"})",
                             R"({"re":"history","ok":true,"messages":[{"seq":"one","text":"two"}]})"}) {
    const LineServer server([answer](const std::string&) { return answer; });
    EXPECT_THROW(static_cast<void>(check_history({.host = "127.0.0.1", .port = std::to_string(server.port())},
                                                 {{.room = "#room", .seq = 1, .text = "two"}})),
                 std::runtime_error)
        << answer;
  }
}

}  // namespace
}  // namespace rookery::load
