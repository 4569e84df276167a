#include "client/terminal/chat_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rookery::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Json = nlohmann::json;

constexpr std::time_t kNow = 1795255200;

// A session and the server's part, played by hand.
class ChatSessionTest : public ::testing::Test {
 protected:
  Step answer(const std::string& request, Json fields = Json::object()) {
    const Json asked = Json::parse(request);
    fields.update({{"re", asked.at("op")}, {"id", asked.at("id")}});
    if (!fields.contains("ok")) fields["ok"] = true;
    return session_.receive(fields.dump(), kNow);
  }
  Step refuse(const std::string& request, const std::string& code) {
    return answer(request, {{"ok", false}, {"error", code}, {"message", "words"}});
  }
  Step message(int seq, const std::string& text) {
    return session_.receive(
        Json{{"event", "message"}, {"seq", seq}, {"epoch", "e1"}, {"room", "#lobby"}, {"text", text}}.dump(), kNow);
  }
  void connect() {
    for (const std::string& request : session_.connected().send) answer(request);
  }
  // Types a line that makes one request, and returns it.
  std::string typed(std::string_view line) {
    const Step step = session_.type(line);
    EXPECT_THAT(step.send, SizeIs(1)) << line;
    return step.send.empty() ? R"({"op":"","id":0})" : step.send[0];
  }
  static std::vector<std::string> ops(const Step& step) {
    std::vector<std::string> out;
    for (const std::string& line : step.send) {
      const Json json = Json::parse(line);
      out.push_back(json.at("op").get<std::string>() + json.value("room", ""));
    }
    return out;
  }
  static std::string all_shown(const Step& step) {
    std::string out;
    for (const Shown& shown : step.show) out += shown.text + "\n";
    return out;
  }

  ChatSession session_{Audience::Programs, {}};
};

TEST_F(ChatSessionTest, SaysHelloSoThatTheServerLearnsTheDialect) {
  const Step step = session_.connected();
  EXPECT_THAT(ops(step), ElementsAre("ping"));
  EXPECT_EQ(step.send[0].front(), '{');
  EXPECT_FALSE(session_.ready());
  EXPECT_EQ(all_shown(answer(step.send[0])), "") << "nobody asked for this pong";
  EXPECT_TRUE(session_.ready());
}

TEST_F(ChatSessionTest, ALineBeforeThatIsRefusedAloud) {
  const Step step = session_.type("hello");
  EXPECT_THAT(step.send, IsEmpty());
  EXPECT_THAT(all_shown(step), HasSubstr("not sent: hello"));
  EXPECT_THAT(all_shown(session_.type("/login bob secret-pass")), Not(HasSubstr("secret")));
  EXPECT_TRUE(session_.any_refused());
}

TEST_F(ChatSessionTest, JoiningMakesARoomTheCurrentOne) {
  connect();
  EXPECT_EQ(session_.room(), "#lobby");
  refuse(typed("/join #no"), "rate-limited");
  EXPECT_EQ(session_.room(), "#lobby");
  answer(typed("/join #dev"), {{"room", "#dev"}, {"members", 2}});
  EXPECT_EQ(session_.room(), "#dev");
  EXPECT_EQ(Json::parse(typed("hi")).at("room"), "#dev");
  (void)session_.type("/room #lobby");
  EXPECT_EQ(session_.room(), "#lobby");
  EXPECT_THAT(all_shown(session_.type("/room #elsewhere")), HasSubstr("ERR not-in-room"));
  EXPECT_EQ(session_.room(), "#lobby");
  (void)session_.type("/room #dev");
  answer(typed("/leave"), {{"room", "#dev"}});
  EXPECT_EQ(session_.room(), "#lobby");
}

TEST_F(ChatSessionTest, RepliesAreAwaitedAndRefusalsRemembered) {
  connect();
  const std::string request = typed("hi");
  EXPECT_TRUE(session_.waiting());
  EXPECT_EQ(all_shown(answer(request, {{"seq", 5}})), "OK 5\n");
  EXPECT_FALSE(session_.waiting());
  EXPECT_FALSE(session_.any_refused());
  const Step refused = refuse(typed("hi"), "not-in-room");
  EXPECT_EQ(all_shown(refused), "ERR not-in-room words\n");
  EXPECT_EQ(refused.show[0].kind, Shown::Kind::Problem);
  EXPECT_TRUE(session_.any_refused());
}

TEST_F(ChatSessionTest, ARefusalWithoutAnIdAnswersTheOldestRequest) {
  connect();
  (void)typed("hi");
  (void)session_.receive(R"({"re":"","ok":false,"error":"rate-limited","message":"slow down"})", kNow);
  EXPECT_FALSE(session_.waiting());
}

TEST_F(ChatSessionTest, ARequestTheServerCouldNotTakeIsNotSent) {
  connect();
  const Step step = session_.type(std::string(9000, 'x'));
  EXPECT_THAT(step.send, IsEmpty());
  EXPECT_THAT(all_shown(step), HasSubstr("ERR line-too-long"));
}

TEST_F(ChatSessionTest, PeopleSeeTheirMessagesAndNotTheirNumbers) {
  session_ = ChatSession(Audience::People, {});
  connect();
  EXPECT_EQ(all_shown(answer(typed("hi"), {{"seq", 5}})), "");
  EXPECT_THAT(all_shown(answer(typed("/msg bob psst"), {{"seq", 6}})), HasSubstr("[@] to bob: psst"));
}

TEST_F(ChatSessionTest, ASecondConnectionIsBroughtToWhereTheFirstWas) {
  connect();
  answer(session_.give_password({"login", "bob"}, "secret-pass").send.at(0), {{"name", "bob"}, {"client", 3}});
  answer(typed("/join #dev"), {{"room", "#dev"}});
  answer(typed("/leave #lobby"), {{"room", "#lobby"}});
  answer(typed("/presence on"), {{"on", true}});
  (void)message(41, "last seen");
  const std::string unanswered = typed("was it heard?");
  EXPECT_THAT(all_shown(session_.disconnected()), HasSubstr("may or may not have happened: was it heard?"));
  EXPECT_FALSE(session_.ready());

  const Step step = session_.connected();
  EXPECT_THAT(ops(step), ElementsAre("login", "join#dev", "leave#lobby", "presence", "resume", "ping"));
  EXPECT_EQ(Json::parse(step.send[0]).at("password"), "secret-pass");
  EXPECT_EQ(Json::parse(step.send[4]).at("seq"), 41);
  EXPECT_EQ(Json::parse(step.send[4]).at("epoch"), "e1");
  std::string shown;
  for (const std::string& request : step.send)
    shown += all_shown(answer(request, {{"name", "bob"}, {"client", 4}, {"recovered", true}, {"missed", 2}}));
  EXPECT_THAT(shown, HasSubstr("2 messages while you were away"));
  EXPECT_THAT(shown, HasSubstr("connected again"));
  EXPECT_EQ(session_.room(), "#dev");
  EXPECT_EQ(session_.name(), "bob");
  EXPECT_TRUE(session_.ready());
}

TEST_F(ChatSessionTest, WhatComesLiveWaitsForWhatWasMissed) {
  connect();
  (void)message(1, "before");
  (void)session_.disconnected();
  const Step step = session_.connected();
  EXPECT_THAT(message(4, "live").show, IsEmpty());
  EXPECT_EQ(all_shown(answer(step.send.at(0), {{"recovered", true}, {"missed", 2}})),
            "*** 2 messages while you were away\n");
  EXPECT_THAT(all_shown(message(2, "missed")), HasSubstr("missed"));
  const std::string shown = all_shown(message(3, "missed as well"));
  EXPECT_LT(shown.find("missed as well"), shown.find("live"));
  EXPECT_NE(shown.find("live"), std::string::npos);
  EXPECT_THAT(all_shown(message(5, "live again")), HasSubstr("live again"));
}

TEST_F(ChatSessionTest, OneMessageIsOneAndNoneIsNoNews) {
  for (const int missed : {1, 0}) {
    connect();
    (void)message(1, "before");
    (void)session_.disconnected();
    const Step step = session_.connected();
    EXPECT_EQ(all_shown(answer(step.send.at(0), {{"recovered", true}, {"missed", missed}})),
              missed == 1 ? "*** 1 message while you were away\n" : "");
    (void)session_.disconnected();
  }
}

TEST_F(ChatSessionTest, SaysSoWhenNotEverythingCameBack) {
  connect();
  (void)message(1, "before");
  (void)session_.disconnected();
  const Step step = session_.connected();
  const std::string shown = all_shown(answer(step.send.at(0), {{"recovered", false}, {"missed", 1}}));
  EXPECT_THAT(shown, HasSubstr("1 message while you were away"));
  EXPECT_THAT(shown, HasSubstr("not everything that was said while you were away could be recovered"));
}

TEST_F(ChatSessionTest, AConnectionThatBreaksInTheMiddleIsResumedFromWhereItCameTo) {
  connect();
  (void)message(1, "before");
  (void)session_.disconnected();
  Step step = session_.connected();
  (void)message(9, "live");
  answer(step.send.at(0), {{"recovered", true}, {"missed", 3}});
  (void)message(2, "missed");
  (void)session_.disconnected();
  step = session_.connected();
  EXPECT_EQ(Json::parse(step.send.at(0)).at("seq"), 2) << "9 was never shown, nor what lies between";
}

TEST_F(ChatSessionTest, WhatIsBothLiveAndMissedIsShownOnce) {
  connect();
  (void)message(1, "before");
  (void)session_.disconnected();
  const Step step = session_.connected();
  EXPECT_THAT(message(3, "live").show, IsEmpty());
  answer(step.send.at(0), {{"recovered", true}, {"missed", 2}});
  EXPECT_THAT(message(2, "missed").show, SizeIs(1));
  EXPECT_THAT(message(3, "live").show, SizeIs(1)) << "once";
  EXPECT_THAT(message(3, "live").show, IsEmpty());
  answer(step.send.at(1));
  EXPECT_THAT(message(4, "later").show, SizeIs(1));
}

TEST_F(ChatSessionTest, AServerThatCannotResumeIsNoProblemOfTheUsers) {
  connect();
  (void)message(1, "before");
  (void)session_.disconnected();
  const Step step = session_.connected();
  const std::string shown = all_shown(refuse(step.send.at(0), "bad-command"));
  EXPECT_THAT(shown, HasSubstr("not everything that was said while you were away could be recovered"));
  EXPECT_THAT(shown, Not(HasSubstr("ERR")));
  answer(step.send.at(1));
  EXPECT_TRUE(session_.ready());
}

TEST_F(ChatSessionTest, WhatCannotBeHadNowIsAskedForAgain) {
  connect();
  answer(typed("/login bob secret-pass"), {{"name", "bob"}, {"client", 3}});
  answer(typed("/join #dev"), {{"room", "#dev"}});
  (void)message(1, "before");
  (void)session_.disconnected();
  Step step = session_.connected();
  ASSERT_THAT(ops(step), ElementsAre("login", "join#dev", "resume", "ping"));
  refuse(step.send.at(0), "rate-limited");
  refuse(step.send.at(1), "not-durable");
  EXPECT_THAT(all_shown(refuse(step.send.at(2), "rate-limited")), HasSubstr("asked for again"));
  answer(step.send.at(3));
  EXPECT_THAT(message(7, "live").show, SizeIs(1));
  (void)session_.disconnected();
  step = session_.connected();
  EXPECT_THAT(ops(step), ElementsAre("login", "join#dev", "resume", "ping"));
  EXPECT_EQ(Json::parse(step.send.at(2)).at("seq"), 1) << "what lies between was never had";
}

TEST_F(ChatSessionTest, ALossIsToldOnce) {
  connect();
  answer(typed("/login bob secret-pass"), {{"name", "bob"}, {"client", 3}});
  (void)message(1, "before");
  (void)session_.disconnected();
  Step step = session_.connected();
  answer(step.send.at(0), {{"name", "bob"}, {"client", 4}, {"epoch", "e2"}, {"seq", 5}});
  EXPECT_THAT(all_shown(answer(step.send.at(1), {{"recovered", false}, {"missed", 0}})), HasSubstr("not everything"));
  answer(step.send.at(2));
  (void)session_.disconnected();
  step = session_.connected();
  EXPECT_EQ(Json::parse(step.send.at(1)).at("epoch"), "e2");
  EXPECT_EQ(Json::parse(step.send.at(1)).at("seq"), 5);
}

TEST_F(ChatSessionTest, ALoginThatIsRefusedTheSecondTimeIsForgotten) {
  connect();
  answer(typed("/login bob secret-pass"), {{"name", "bob"}, {"client", 3}});
  (void)session_.disconnected();
  refuse(session_.connected().send.at(0), "bad-credentials");
  EXPECT_EQ(session_.name(), "");
  (void)session_.disconnected();
  EXPECT_THAT(ops(session_.connected()), ElementsAre("ping"));
}

TEST_F(ChatSessionTest, LogoutForgetsThePassword) {
  connect();
  answer(typed("/login bob secret-pass"), {{"name", "bob"}, {"client", 3}});
  answer(typed("/logout"));
  EXPECT_EQ(session_.name(), "");
  (void)session_.disconnected();
  EXPECT_THAT(ops(session_.connected()), ElementsAre("ping"));
}

TEST_F(ChatSessionTest, LeavesBehindABarrier) {
  connect();
  EXPECT_TRUE(session_.type("/quit").quit);
  const Step step = session_.farewell();
  EXPECT_THAT(ops(step), ElementsAre("ping", "quit"));
  EXPECT_EQ(all_shown(answer(step.send[0])), "");
  EXPECT_FALSE(session_.left());
  EXPECT_EQ(all_shown(answer(step.send[1])), "OK bye\n");
  EXPECT_TRUE(session_.left());
}

}  // namespace
}  // namespace rookery::client
