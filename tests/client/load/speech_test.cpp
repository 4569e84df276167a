// What the load tool says and understands, against the project's own encoders and parsers of both dialects.
#include "client/load/speech.h"

#include <gtest/gtest.h>

#include "ipc/wire/dialect.h"

namespace rookery::load {
namespace {

constexpr wire::MessageEvent kMessage{.seq = 14,
                                      .epoch = "404ddc45946f493a",
                                      .time = 1795244837199,
                                      .room = "#garden",
                                      .to = {},
                                      .from = {.client = 18, .name = "bob"},
                                      .text = "roses, and: (some) [more]"};

class SpeechIn : public ::testing::TestWithParam<wire::DialectId> {
 protected:
  // What an encoder writes, understood.
  template <typename Write>
  Heard hear(Write&& write) {
    line_.clear();
    write(wire::dialect(GetParam()), line_);
    EXPECT_EQ(line_.back(), '\n');
    line_.pop_back();
    return speech_.understand(line_);
  }
  // What the speech says, parsed as the server does.
  template <typename Say>
  wire::Command parse(Say&& say) {
    line_.clear();
    say(speech_, line_);
    EXPECT_EQ(line_.back(), '\n');
    line_.pop_back();
    const wire::ParseOutcome outcome = wire::dialect(GetParam()).parse(line_, storage_);
    const auto* command = std::get_if<wire::Command>(&outcome);
    EXPECT_NE(command, nullptr) << line_;
    return command == nullptr ? wire::Command{} : *command;
  }
  [[nodiscard]] bool json() const { return GetParam() == wire::DialectId::JsonLines; }

  Speech speech_{GetParam()};
  std::string line_;
  wire::CommandStorage storage_;
};
INSTANTIATE_TEST_SUITE_P(Dialects, SpeechIn, ::testing::Values(wire::DialectId::Text, wire::DialectId::JsonLines),
                         [](const auto& instance) { return std::string(to_string(instance.param)); });

TEST_P(SpeechIn, TheServerParsesWhatItSays) {
  EXPECT_EQ(parse([](auto& speech, auto& out) { speech.echo(out, 7, "a text"); }).text, "a text");
  const wire::Command say = parse([](auto& speech, auto& out) { speech.say(out, 8, "#room", "said"); });
  EXPECT_EQ(say.op, wire::Op::Say);
  EXPECT_EQ(say.room, "#room");
  EXPECT_EQ(say.text, "said");
  if (json()) {
    EXPECT_EQ(say.id, "8");
  }
  EXPECT_EQ(parse([](auto& speech, auto& out) { speech.join(out, 1, "#room"); }).op, wire::Op::Join);
  EXPECT_EQ(parse([](auto& speech, auto& out) { speech.leave(out, 1, "#room"); }).op, wire::Op::Leave);
  EXPECT_EQ(parse([](auto& speech, auto& out) { speech.ping(out, 1); }).op, wire::Op::Ping);
  const wire::Command registration =
      parse([](auto& speech, auto& out) { speech.register_account(out, 1, "bob", "secret-pass"); });
  EXPECT_EQ(registration.op, wire::Op::Register);
  EXPECT_EQ(registration.name, "bob");
  EXPECT_EQ(registration.password, "secret-pass");
  EXPECT_EQ(parse([](auto& speech, auto& out) { speech.login(out, 1, "bob", "secret-pass"); }).op, wire::Op::Login);
  EXPECT_EQ(parse([](auto& speech, auto& out) { speech.logout(out, 1); }).op, wire::Op::Logout);
  EXPECT_EQ(parse([](auto& speech, auto& out) { speech.quit(out, 1); }).op, wire::Op::Quit);
}

TEST_P(SpeechIn, UnderstandsAnswers) {
  const Heard echo = hear([](auto& dialect, auto& out) { dialect.echo(out, {wire::Op::Echo, "7"}, "a text"); });
  EXPECT_EQ(echo.said, Said::Echo);
  EXPECT_EQ(echo.text, "a text");
  if (json()) {
    EXPECT_EQ(echo.id, 7U);
  }

  const Heard accepted = hear([](auto& dialect, auto& out) {
    dialect.accepted(out, {wire::Op::Say, "8"}, 21, "404ddc45946f493a", 1795244837199);
  });
  EXPECT_EQ(accepted.said, Said::Accepted);
  EXPECT_EQ(accepted.seq, 21U);

  EXPECT_EQ(hear([](auto& dialect, auto& out) { dialect.pong(out, {wire::Op::Ping, "1"}); }).said, Said::Pong);
  EXPECT_EQ(hear([](auto& dialect, auto& out) {
              dialect.membership(out, {wire::Op::Join, "1"}, "#room", 3);
            }).said,
            Said::Done);
  EXPECT_EQ(hear([](auto& dialect, auto& out) {
              dialect.registered(out, {wire::Op::Register, "1"}, "bob");
            }).said,
            Said::Done);
}

TEST_P(SpeechIn, UnderstandsEvents) {
  const Heard message = hear([](auto& dialect, auto& out) { dialect.message(out, kMessage); });
  EXPECT_EQ(message.said, Said::Message);
  EXPECT_EQ(message.room, "#garden");
  EXPECT_EQ(message.text, kMessage.text);
  if (json()) {
    EXPECT_EQ(message.seq, 14U);
  }

  const Heard missed = hear([](auto& dialect, auto& out) { dialect.missed(out, 1090); });
  EXPECT_EQ(missed.said, Said::Missed);
  EXPECT_EQ(missed.count, 1090U);
  EXPECT_EQ(hear([](auto& dialect, auto& out) { dialect.notice(out, "maintenance at six"); }).said, Said::Event);
  EXPECT_EQ(hear([](auto& dialect, auto& out) { dialect.joined(out, "#room", {.client = 2, .name = "x"}); }).said,
            Said::Event);
}

TEST_P(SpeechIn, ALineOfAnotherProtocolIsNonsense) {
  for (const char* line : {"", "HTTP/1.1 200 OK", "{\"re\":", "220 mail ready"})
    EXPECT_EQ(speech_.understand(line).said, Said::Nonsense) << line;
}

// Another server may write its fields in another order, or more of them, or escapes where there need be none.
TEST(SpeechInJson, UnderstandsTheSameInOtherWords) {
  Speech speech(wire::DialectId::JsonLines);
  const Heard echo = speech.understand(R"({"id":7,"new":[1],"ok":true,"text":"\u0061 \"text\"","re":"echo"})");
  EXPECT_EQ(echo.said, Said::Echo);
  EXPECT_EQ(echo.id, 7U);
  EXPECT_EQ(echo.text, "a \"text\"");

  const Heard escaped = speech.understand(R"({"re":"echo","id":7,"ok":true,"text":"a\\b"})");
  EXPECT_EQ(escaped.text, "a\\b");

  const Heard message = speech.understand(
      R"({"text":"roses","room":"#garden","seq":14,"event":"message","from":{"client":1,"name":"x"}})");
  EXPECT_EQ(message.said, Said::Message);
  EXPECT_EQ(message.room, "#garden");
  EXPECT_EQ(message.text, "roses");
  EXPECT_EQ(message.seq, 14U);

  const Heard refused =
      speech.understand(R"({"re":"say","id":3,"ok":false,"error":"not-in-room","message":"join first"})");
  EXPECT_EQ(refused.said, Said::Refused);
  EXPECT_EQ(refused.code, "not-in-room");
  EXPECT_EQ(refused.text, "join first");
}

// A connection beyond the limits is told so in the text dialect.
TEST(SpeechInJson, UnderstandsThatTheServerIsFull) {
  const Heard heard = Speech(wire::DialectId::JsonLines).understand("ERR server-full there are as many clients");
  EXPECT_EQ(heard.said, Said::Refused);
  EXPECT_EQ(heard.code, "server-full");
}

}  // namespace
}  // namespace rookery::load
