#include "client/terminal/server_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <time.h>

#include "client/terminal/paint.h"
#include "tests/client/surroundings.h"

namespace rookery::client {
namespace {

using ::testing::ElementsAre;

constexpr std::time_t kMorning = 1795255200;  // 2026-11-21T10:00:00Z

class ServerLineTest : public ::testing::Test {
 protected:
  ServerLineTest() { ::tzset(); }
  ~ServerLineTest() override { ::tzset(); }
  static std::vector<std::string> shown(std::string_view line, bool colour = false) {
    return read_server_line(line, {.colour = colour}, kMorning).shown;
  }
  ScopedVariable zone_{"TZ", "UTC"};
};

TEST_F(ServerLineTest, MessagesReadAsInTheTextDialectWithTheirTime) {
  const std::string head = R"({"event":"message","seq":42,"epoch":"e","time":"2026-11-21T09:05:00.123Z",)"
                           R"("from":{"client":12,"name":"alice"},"text":"hi",)";
  EXPECT_THAT(shown(head + R"("room":"#dev"})"), ElementsAre("09:05 [#dev] alice(12): hi"));
  EXPECT_THAT(shown(head + R"("room":"*"})"), ElementsAre("09:05 [*] alice(12): hi"));
  EXPECT_THAT(shown(head + R"("to":"bob"})"), ElementsAre("09:05 [@] alice(12): hi"));
}

TEST_F(ServerLineTest, NoTextHarmsTheLineItIsShownIn) {
  const std::string text = "a\u2028b\u2029c\u202Ed\u2066e\u0085f\u200Fg";
  const std::string replaced = "a\uFFFDb\uFFFDc\uFFFDd\uFFFDe\uFFFDf\uFFFDg";
  EXPECT_THAT(shown(R"({"event":"notice","text":")" + text + "\"}"), ElementsAre("*** " + replaced));
  EXPECT_THAT(shown(R"({"event":"message","seq":42,"epoch":"e","time":"2026-11-21T09:05:00.123Z","room":"#dev",)"
                    R"("from":{"client":12,"name":"al"},"text":")" +
                    text + "\"}"),
              ElementsAre("09:05 [#dev] al(12): " + replaced));
}

TEST_F(ServerLineTest, OtherEvents) {
  EXPECT_THAT(shown(R"({"event":"joined","room":"#x","from":{"client":1,"name":"al"}})"),
              ElementsAre("* al(1) joined #x"));
  EXPECT_THAT(shown(R"({"event":"left","room":"#x","from":{"client":1,"name":"al"}})"), ElementsAre("* al(1) left #x"));
  EXPECT_THAT(shown(R"({"event":"notice","text":"going down"})"), ElementsAre("*** going down"));
  EXPECT_THAT(shown(R"({"event":"missed","count":7})"),
              ElementsAre("*** 7 messages were passed over: the connection was too slow"));
  EXPECT_THAT(shown(R"({"event":"of-a-newer-server","x":1})"), ElementsAre());
}

TEST_F(ServerLineTest, Replies) {
  EXPECT_THAT(shown(R"({"re":"register","ok":true,"name":"bob"})"), ElementsAre("OK registered bob"));
  EXPECT_THAT(shown(R"({"re":"login","ok":true,"name":"bob","client":3})"),
              ElementsAre("OK logged in as bob, client 3"));
  EXPECT_THAT(shown(R"({"re":"say","ok":true,"seq":9})"), ElementsAre("OK 9"));
  EXPECT_THAT(shown(R"({"re":"echo","ok":true,"text":"x"})"), ElementsAre("Echo: x"));
  EXPECT_THAT(shown(R"({"re":"count","ok":true,"words":1,"characters":2,"vowels":3,"odd_words":4,"ms":0.5})"),
              ElementsAre("OK words=1 characters=2 vowels=3 odd-words=4 ms=0.500"));
  EXPECT_THAT(shown(R"({"re":"rooms","ok":true,"rooms":[{"room":"#a","members":2},{"room":"#b","members":1}]})"),
              ElementsAre("#a 2", "#b 1", "OK 2 rooms"));
  EXPECT_THAT(shown(R"({"re":"list","ok":true,"clients":[{"client":5,"name":"al","worker":1,"dialect":"json",)"
                    R"("since":"2026-11-20T08:00:00.000Z"}]})"),
              ElementsAre("5 al 1 json since 2026-11-20 08:00", "OK 1 clients"));
  EXPECT_THAT(shown(R"({"re":"history","ok":true,"messages":[]})"), ElementsAre("OK 0 messages"));
  EXPECT_THAT(shown(R"({"re":"say","ok":false,"error":"not-in-room","message":"join it first"})"),
              ElementsAre("ERR not-in-room join it first"));
}

TEST_F(ServerLineTest, WordsFromBeforeTheDialectIsKnown) {
  const ServerLine line = read_server_line("ERR server-full \033[31mcome back later", {}, kMorning);
  EXPECT_EQ(line.kind, ServerLine::Kind::Foreign);
  EXPECT_THAT(line.shown, ElementsAre("server: ERR server-full ␛[31mcome back later"));
}

TEST_F(ServerLineTest, NoFieldCanControlTheTerminal) {
  const char* lines[] = {
      R"({"event":"message","seq":1,"room":"#\u001b[2J","time":"\u001b","from":{"client":1,"name":"\u001bx"},"text":"\u001b]0;t\u0007"})",
      R"({"event":"joined","room":"\u001b","from":{"client":1,"name":"\u001bx"}})",
      R"({"event":"notice","text":"a\nb\u001b"})",
      R"({"re":"say","ok":false,"error":"\u001b","message":"\u001b\r\n"})",
      R"({"re":"echo","ok":true,"text":"\u001b"})",
      R"({"re":"login","ok":true,"name":"\u001b"})",
      R"({"re":"join","ok":true,"room":"\u001b"})",
      R"({"re":"rooms","ok":true,"rooms":[{"room":"\u001b","members":1}]})",
      R"({"re":"list","ok":true,"clients":[{"client":1,"name":"\u001b","worker":1,"dialect":"\u001b","since":"\u001b"}]})",
      R"({"re":"history","ok":true,"messages":[{"room":"\u001b","from":{"name":"\u001b"},"text":"\u001b"}]})",
  };
  for (const char* line : lines) {
    const std::vector<std::string> texts = shown(line);
    ASSERT_FALSE(texts.empty()) << line;
    for (const std::string& text : texts) EXPECT_EQ(text.find_first_of("\033\a\r\n"), std::string::npos) << line;
  }
}

TEST_F(ServerLineTest, SurvivesFieldsOfTheWrongType) {
  for (const char* line : {R"({"event":"message"})", R"({"event":"message","from":3,"text":{},"time":[],"room":null})",
                           R"({"re":"list","ok":true,"clients":7})", R"({"re":"list","ok":true,"clients":[1,null]})",
                           R"({"re":7,"ok":"x","id":"y"})", R"({"re":"login","ok":true,"client":-1})",
                           R"({"event":"message","time":"9999-99-99T99:99:99Z"})", R"([1,2])", "{", "\"x\"", ""})
    (void)shown(line);
  SUCCEED();
}

TEST_F(ServerLineTest, ANameKeepsItsColour) {
  const ViewStyle colour{.colour = true};
  EXPECT_EQ(paint_name("alice", colour), paint_name("alice", colour));
  EXPECT_EQ(paint_name("Alice", colour).substr(0, 5), paint_name("alice", colour).substr(0, 5));
  EXPECT_EQ(paint_name("alice", {}), "alice");
}

TEST_F(ServerLineTest, TimesAreLocal) {
  ScopedVariable kathmandu("TZ", "XXX-05:45");
  ::tzset();
  EXPECT_EQ(clock_time("2026-11-21T10:00:00.123Z", kMorning), "15:45");
}

}  // namespace
}  // namespace rookery::client
