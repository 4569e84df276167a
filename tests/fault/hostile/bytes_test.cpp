// What a client may send: bad text however it is cut, lines without an end, nonsense in depth. The answer is always the
// same, and the client's next line is carried out.
#include <gmock/gmock.h>

#include <algorithm>
#include <memory>

#include "tests/system/harness/people.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;

const std::uint64_t kMostGrowthBytes = (kSanitized ? 300 : 10) * 1024 * 1024;

// Cases that contain whole lines, without the last line's end.
const std::vector<std::string> kTextCases{
    "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",  // good, of 2, 3 and 4 bytes
    "caf\xc3",                                    // half a character at the end
    "\xa9 alone",                                 // a continuation without a start
    "overlong \xc0\xaf",
    "overlong \xe0\x80\xaf",
    "surrogate \xed\xa0\x80",
    "too high \xf4\x90\x80\x80",
    "never \xff\xfe",
    std::string("a zero\0byte", 11),
    "carriage\rreturn",
    "ends in CR\r",
    "/say #lobby \xc3",
    "\xf0\x9f\x98\nand the rest \x80",  // a line's end in the middle of a character
};
const std::vector<std::string> kJsonCases{
    "{\"op\":\"echo\",\"text\":\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"}",
    "{\"op\":\"echo\",\"text\":\"\xc3\"}",
    "{\"op\":\"echo\",\"text\":\"\xed\xa0\x80\"}",
    R"({"op":"echo","text":"\ud83d\ude00"})",
    R"({"op":"echo","text":"\ud83d"})",
    "{\"op\":\"echo\",\"text\":\"\xc0\x80\"}",
    "{\"op\":\"ec\xffho\"}",
    std::string("{\"op\":\"echo\",\"text\":\"\0\"}", 25),
};

// The whole conversation of a client that sends `bytes` in two parts, the second once the server has read the first.
std::vector<std::string> answers(std::uint16_t port, TextClient& witness, const std::string& greeting,
                                 const std::string& bytes, std::size_t cut) {
  TestClient client(port);
  client.send(greeting + bytes.substr(0, cut));
  witness.sync();  // one loop: what came before is read
  client.send(bytes.substr(cut) + "\n" + (greeting.empty() ? "/quit\n" : "{\"op\":\"quit\"}\n"));
  client.read_to_end();
  return client.lines();
}

void expect_the_same_however_cut(const std::string& greeting, const std::vector<std::string>& cases) {
  const ServerProcess server({"--workers", "1"});
  TextClient witness(server.port());
  for (const std::string& bytes : cases) {
    const std::vector<std::string> whole = answers(server.port(), witness, greeting, bytes, 0);
    ASSERT_GE(whole.size(), 2U) << bytes;
    for (std::size_t cut = 1; cut <= bytes.size(); ++cut)
      ASSERT_EQ(answers(server.port(), witness, greeting, bytes, cut), whole) << bytes << " cut at " << cut;
  }
}

TEST(Hostile, Row56_BadUtf8IsTheSameHoweverItIsCutInText) {
  expect_the_same_however_cut("", kTextCases);
}

TEST(Hostile, Row56_BadUtf8IsTheSameHoweverItIsCutInJson) {
  expect_the_same_however_cut("{\"op\":\"ping\"}\n", kJsonCases);
}

TEST(Hostile, Row56_WhatIsBadIsRefusedAndWhatIsGoodIsNot) {
  const ServerProcess server({"--workers", "1"});
  TextClient text(server.port());
  for (std::size_t i = 1; i < 8; ++i) EXPECT_THAT(text.ask(kTextCases[i]), testing::StartsWith("ERR bad-utf8 "));
  EXPECT_EQ(text.ask(kTextCases[0]), "Echo: " + kTextCases[0]);
  EXPECT_EQ(text.ask("/ping"), "OK pong");
}

TEST(Hostile, Row55_ALineWithoutEndCostsOneErrorAndNoMemory) {
  const ServerProcess server({"--workers", "1"});
  for (const bool json : {false, true}) {
    TestClient client(server.port());
    client.send(json ? "{\"op\":\"ping\"}\n" : "/ping\n");
    static_cast<void>(client.read_line());
    const std::uint64_t before = memory_bytes(server.worker_pid(0));
    const std::string part(1024 * 1024, json ? '{' : 'x');
    for (int i = 0; i < 64; ++i) client.send(part);
    EXPECT_LT(memory_bytes(server.worker_pid(0)), before + kMostGrowthBytes);
    client.send(json ? "\n{\"op\":\"ping\"}\n" : "\n/ping\n");
    const auto is_pong = [](const std::string& line) {
      return line == "OK pong" || line.find("\"re\":\"ping\"") != std::string::npos;
    };
    client.read_until("a pong", is_pong);
    // The first pong, the one error, the second pong.
    ASSERT_EQ(client.lines().size(), 3U);
    EXPECT_THAT(client.lines()[1], testing::HasSubstr("line-too-long"));
  }
}

TEST(Hostile, DeepJsonIsRefusedAndCostsNobodyTheConnection) {
  const ServerProcess server({"--workers", "1"});
  JsonClient client(server.port());
  client.sync();
  const auto depth = [](std::size_t levels, char open, char close) {
    return R"({"op":"echo","text":"x","deep":)" + std::string(levels, open) + std::string(levels, close) + "}";
  };
  for (const std::string& line : {depth(4000, '[', ']'), R"({"op":"echo","text":"x","deep":)" + std::string(8000, '['),
                                  std::string(8192, '{'), std::string(8192, '['), depth(40, '[', ']')}) {
    client.send_line(line);
    EXPECT_EQ(Json::parse(client.read_line())["ok"], false) << line.substr(0, 60);
  }
  client.send_line(depth(20, '[', ']'));
  EXPECT_EQ(Json::parse(client.read_line())["ok"], true);
}

TEST(Hostile, Row53_AHalfClosedConnectionGetsItsRepliesAndIsClosed) {
  const ServerProcess server({"--workers", "2"});
  for (int round = 0; round < 20; ++round) {
    TextClient client(server.port());
    std::string all;
    for (int i = 0; i < 50; ++i) all += "/say #lobby " + std::to_string(i) + "\n";
    client.send(all + "/count and something on the pool\n/ping\nlast\n");
    client.shut_down_sending();
    client.read_to_end();
    const auto oks = std::ranges::count_if(client.lines(), [](const auto& line) { return line.starts_with("OK "); });
    EXPECT_EQ(oks, 52);
    EXPECT_EQ(client.lines().back(), "Echo: last");
  }
  eventually("all have gone", [&] { return server.client_count() == 0; });
}

TEST(Hostile, Row54_AResetInTheMiddleOfALineIsHarmless) {
  const ServerProcess server({"--workers", "2"});
  TextClient witness(server.port());
  static_cast<void>(witness.ask("/join #den"));
  for (int i = 0; i < 50; ++i) {
    TextClient client(server.port());
    static_cast<void>(client.ask("/join #den"));
    client.send("/say #den whole\n/say #den ha");
    client.reset();
  }
  eventually("all have gone", [&] { return server.client_count() == 1; });
  eventually("the room counts the living", [&] { return witness.ask_lines("/rooms").at(1) == "#den 1"; });
  witness.sync();
  for (const std::string& line : witness.events()) EXPECT_FALSE(line.ends_with(" ha")) << line;
  EXPECT_EQ(witness.ask("still here"), "Echo: still here");
}

}  // namespace
}  // namespace rookery::system_test
