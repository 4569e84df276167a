// What programs send: every op, every field that can be wrong, and documents that are meant to hurt.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "ipc/wire/json_dialect.h"
#include "tests/ipc/wire/stream_reader.h"

namespace rookery::wire {
namespace {

using namespace std::string_literals;

std::string parsed_json(std::string_view line) {
  CommandStorage storage;
  return describe(dialect(DialectId::JsonLines).parse(line, storage));
}

// The refusal as the client sees it.
std::string json_error(std::string_view line) {
  CommandStorage storage;
  const ParseOutcome outcome = dialect(DialectId::JsonLines).parse(line, storage);
  if (std::holds_alternative<Command>(outcome)) return describe(outcome);
  std::string out;
  dialect(DialectId::JsonLines).refused(out, std::get<Refusal>(outcome));
  EXPECT_TRUE(nlohmann::json::accept(out)) << out;
  return out;
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

TEST(JsonParser, EveryOp) {
  EXPECT_EQ(parsed_json(R"({"op":"register","name":"alice","password":"correct horse"})"),
            "register name='alice' password='correct horse'");
  EXPECT_EQ(parsed_json(R"({"op":"login","name":"alice","password":"correct-horse"})"),
            "login name='alice' password='correct-horse'");
  EXPECT_EQ(parsed_json(R"({"op":"logout"})"), "logout");
  EXPECT_EQ(parsed_json(R"({"op":"ping"})"), "ping");
  EXPECT_EQ(parsed_json(R"({"op":"quit"})"), "quit");
  EXPECT_EQ(parsed_json(R"({"op":"help"})"), "help");
  EXPECT_EQ(parsed_json(R"({"op":"echo","text":"hi"})"), "echo text='hi'");
  EXPECT_EQ(parsed_json(R"({"op":"echo","text":""})"), "echo");
  EXPECT_EQ(parsed_json(R"({"op":"broadcast","text":"hi"})"), "broadcast text='hi'");
  EXPECT_EQ(parsed_json(R"({"op":"say","room":"#lobby","text":"hi"})"), "say room='#lobby' text='hi'");
  EXPECT_EQ(parsed_json(R"({"op":"msg","to":"bob","text":"hi"})"), "msg name='bob' text='hi'");
  EXPECT_EQ(parsed_json(R"({"op":"join","room":"#a"})"), "join room='#a'");
  EXPECT_EQ(parsed_json(R"({"op":"leave","room":"#a"})"), "leave room='#a'");
  EXPECT_EQ(parsed_json(R"({"op":"presence","on":true})"), "presence on");
  EXPECT_EQ(parsed_json(R"({"op":"presence","on":false})"), "presence");
  EXPECT_EQ(parsed_json(R"({"op":"rooms"})"), "rooms");
  EXPECT_EQ(parsed_json(R"({"op":"list"})"), "list");
  EXPECT_EQ(parsed_json(R"({"op":"history"})"), "history room='#lobby'");
  EXPECT_EQ(parsed_json(R"({"op":"history","room":"#a","limit":1000,"before":18446744073709551615,"after":0})"),
            "history room='#a' limit=1000 before=18446744073709551615 after=0");
  EXPECT_EQ(parsed_json(R"({"op":"resume","epoch":"404ddc45946f493a","seq":18446744073709551615})"),
            "resume epoch='404ddc45946f493a' seq=18446744073709551615");
  EXPECT_EQ(parsed_json(R"({"op":"resume","epoch":"","seq":0})"), "resume");
  EXPECT_EQ(parsed_json(R"({"op":"count","text":"one two"})"), "count text='one two'");
}

TEST(JsonParser, FieldsStandInAnyOrderAndOthersAreIgnored) {
  EXPECT_EQ(parsed_json(R"( {"text":"hi","x":{"op":"quit","id":9,"y":[[]]},"room":"#a","id":7,"op":"say"} )"),
            "say room='#a' text='hi' id='7'");
  EXPECT_EQ(parsed_json(R"({"op":"ping","name":5,"limit":"x","text":["no"],"on":null})"), "ping");
  EXPECT_EQ(parsed_json(R"({"op":"msg","to":"bob","name":"carol","text":"hi"})"), "msg name='bob' text='hi'");
}

TEST(JsonParser, OfAKeyThatStandsTwiceTheLastCounts) {
  EXPECT_EQ(parsed_json(R"({"op":"quit","id":[1],"text":7,"op":"echo","text":"b","id":{"k":2}})"),
            R"(echo text='b' id='{"k":2}')");
  EXPECT_EQ(
      json_error(R"({"op":"echo","text":"a","text":["b"]})"),
      "{\"re\":\"echo\",\"ok\":false,\"error\":\"bad-argument\",\"message\":\"\\\"text\\\" must be a string\"}\n");
}

TEST(JsonParser, EscapesBecomeCharacters) {
  EXPECT_EQ(parsed_json(R"({"op":"echo","text":"\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00"})"),
            "echo text='\"\\/%08%0C%0A%0D%09A%C3%A9%F0%9F%98%80'");
  EXPECT_EQ(parsed_json(R"({"\u006fp":"ping"})"), "ping");
}

TEST(JsonParser, AnIdOfAnyTypeIsKeptToTheLetter) {
  for (const auto* id : {"1",
                         "-1",
                         "0",
                         "null",
                         "true",
                         "false",
                         R"("x")",
                         R"("")",
                         "1.0",
                         "1.50e+10",
                         "-0.0",
                         "[]",
                         "{}",
                         "18446744073709551615",
                         "-9223372036854775808",
                         "123456789012345678901234567890",
                         "0.1000000000000000055511151231257827",
                         R"([1,"two",[3],{"four":5,"a":[{},[],null]},"",true])",
                         R"({"b":1,"a":2,"b":{"c":"}{][,:"}})",
                         R"("\"\\\n")",
                         "\"\xC3\xA9\""}) {
    CommandStorage storage;
    const std::string line = R"({"id":)"s + id + R"(,"op":"ping"})";
    EXPECT_EQ(std::get<Command>(dialect(DialectId::JsonLines).parse(line, storage)).id, id);
  }
  EXPECT_EQ(parsed_json(R"({"id": [ 1 , { "a" : 2 } ] ,"op":"ping"})"), R"(ping id='[1,{"a":2}]')");
}

TEST(JsonParser, StorageOfAnEarlierRequestDoesNotShowInALaterOne) {
  CommandStorage storage;
  const Dialect& json = dialect(DialectId::JsonLines);
  (void)json.parse(R"({"op":"say","id":1,"room":"#a","text":"secret","name":"alice"})", storage);
  EXPECT_EQ(describe(json.parse(R"({"op":"ping"})", storage)), "ping");
  EXPECT_EQ(describe(json.parse(R"({"op":"echo"})", storage)),
            "refused bad-argument op='echo' message='\"text\" is missing'");
  EXPECT_EQ(describe(json.parse("{", storage)), "refused bad-command message='the line is not a JSON object'");
  EXPECT_EQ(describe(json.parse("{}", storage)), "refused bad-command message='\"op\" is missing'");
}

TEST(JsonParser, WhatIsNoObjectIsRefusedWithoutANameOrAnId) {
  const std::string expected =
      "{\"re\":null,\"ok\":false,\"error\":\"bad-command\",\"message\":\"the line is not a JSON object\"}\n";
  for (const auto& line : {""s,
                           " "s,
                           "hello"s,
                           "{"s,
                           "}"s,
                           "[]"s,
                           "5"s,
                           "null"s,
                           R"("op")"s,
                           R"([{"op":"ping","id":1}])"s,
                           R"({"op":"ping","id":1)"s,
                           R"({"op":"ping","id":1}x)"s,
                           R"({"op":"ping","id":1} {})"s,
                           R"({"op":"ping",})"s,
                           R"({'op':'ping'})"s,
                           R"({"op":"ping","id":01})"s,
                           R"({"id":1,"op":"a)"s,
                           "{\"id\":1,\"op\":\"a\tb\"}"s,
                           R"({"id":1,/**/"op":"ping"})"s,
                           R"({"id":1,"op":"\x"})"s,
                           "{\"op\":\"ping\"}\0"s,
                           "{\"op\":\"ping\"}\0x"s,
                           "{\"op\":\"pi\0ng\"}"s,
                           R"({"id":1,"op":NaN})"s,
                           R"({"text":"surrogate U+D800)"s,
                           R"([1e999])"s})
    EXPECT_EQ(json_error(line), expected) << line;
}

TEST(JsonParser, AnUnknownOpKeepsItsNameAndId) {
  EXPECT_EQ(
      json_error(R"({"op":"resumes","id":5,"seq":1})"),
      "{\"re\":\"resumes\",\"id\":5,\"ok\":false,\"error\":\"bad-command\",\"message\":\"no such op; \\\"help\\\" "
      "lists them\"}\n");
  EXPECT_EQ(nlohmann::json::parse(json_error(R"({"op":"a\"b\n","id":"x"})"))["re"], "a\"b\n");
  EXPECT_EQ(parsed_json(R"({"op":"Ping"})").substr(0, 19), "refused bad-command");
}

TEST(JsonParser, WithoutAnOpNothingIsNamedButTheId) {
  EXPECT_EQ(json_error(R"({"id":[5]})"),
            "{\"re\":null,\"id\":[5],\"ok\":false,\"error\":\"bad-command\",\"message\":\"\\\"op\\\" is missing\"}\n");
  EXPECT_EQ(json_error(R"({"id":null,"op":7})"),
            "{\"re\":null,\"id\":null,\"ok\":false,\"error\":\"bad-command\",\"message\":\"\\\"op\\\" must be a "
            "string\"}\n");
}

TEST(JsonParser, AFieldThatIsMissingOrWrongIsNamed) {
  struct Case {
    const char* line;
    const char* message;
  };
  for (const auto& [line, message] : {
           Case{R"({"op":"register","id":1})", "\"name\" is missing"},
           Case{R"({"op":"register","id":1,"name":5})", "\"name\" must be a string"},
           Case{R"({"op":"register","id":1,"name":"a b"})", "\"name\" must be 1 to 32 of A-Z a-z 0-9 _ -"},
           Case{R"({"op":"register","id":1,"name":"guest7","password":"12345678"})",
                "\"name\" must not be like guest12: the server gives such names itself"},
           Case{R"({"op":"register","id":1,"name":"Root","password":"12345678"})", "\"name\" is reserved"},
           Case{R"({"op":"register","id":1,"name":"a"})", "\"password\" is missing"},
           Case{R"({"op":"register","id":1,"name":"a","password":"1234567"})", "\"password\" must be 8 to 128 bytes"},
           Case{R"({"op":"register","id":1,"name":"a","password":12345678})", "\"password\" must be a string"},
           Case{R"({"op":"login","id":1,"name":"a"})", "\"password\" is missing"},
           Case{R"({"op":"echo","id":1})", "\"text\" is missing"},
           Case{R"({"op":"echo","id":1,"text":null})", "\"text\" must be a string"},
           Case{R"({"op":"echo","id":1,"text":"a\u0000b"})", "\"text\" must not be empty nor hold a NUL"},
           Case{R"({"op":"broadcast","id":1,"text":""})", "\"text\" must not be empty nor hold a NUL"},
           Case{R"({"op":"broadcast","id":1,"text":"\u0000"})", "\"text\" must not be empty nor hold a NUL"},
           Case{R"({"op":"say","id":1,"text":"x"})", "\"room\" is missing"},
           Case{R"({"op":"say","id":1,"room":"#a"})", "\"text\" is missing"},
           Case{R"({"op":"say","id":1,"room":"*","text":"x"})", "\"room\" must be # and 1 to 32 of A-Z a-z 0-9 _ -"},
           Case{R"({"op":"msg","id":1,"name":"a","text":"x"})", "\"to\" is missing"},
           Case{R"({"op":"msg","id":1,"to":"","text":"x"})", "\"to\" must be 1 to 32 of A-Z a-z 0-9 _ -"},
           Case{R"({"op":"join","id":1})", "\"room\" is missing"},
           Case{R"({"op":"leave","id":1,"room":["#a"]})", "\"room\" must be a string"},
           Case{R"({"op":"presence","id":1})", "\"on\" is missing"},
           Case{R"({"op":"presence","id":1,"on":1})", "\"on\" must be true or false"},
           Case{R"({"op":"presence","id":1,"on":"on"})", "\"on\" must be true or false"},
           Case{R"({"op":"history","id":1,"room":"lobby"})", "\"room\" must be # and 1 to 32 of A-Z a-z 0-9 _ -"},
           Case{R"({"op":"history","id":1,"room":null})", "\"room\" must be a string"},
           Case{R"({"op":"history","id":1,"limit":0})", "\"limit\" must be 1 to 1000"},
           Case{R"({"op":"history","id":1,"limit":1001})", "\"limit\" must be 1 to 1000"},
           Case{R"({"op":"history","id":1,"limit":4294967346})", "\"limit\" must be 1 to 1000"},
           Case{R"({"op":"history","id":1,"limit":"5"})", "\"limit\" must be a whole number, not negative"},
           Case{R"({"op":"history","id":1,"limit":5.0})", "\"limit\" must be a whole number, not negative"},
           Case{R"({"op":"resume","id":1,"seq":1})", "\"epoch\" is missing"},
           Case{R"({"op":"resume","id":1,"epoch":7,"seq":1})", "\"epoch\" must be a string"},
           Case{R"({"op":"resume","id":1,"epoch":"e"})", "\"seq\" is missing"},
           Case{R"({"op":"resume","id":1,"epoch":"e","seq":"1"})", "\"seq\" must be a whole number, not negative"},
           Case{R"({"op":"history","id":1,"before":-1})", "\"before\" must be a whole number, not negative"},
           Case{R"({"op":"history","id":1,"after":18446744073709551616})",
                "\"after\" must be a whole number, not negative"},
           Case{R"({"op":"count","id":1,"text":""})", "\"text\" must not be empty nor hold a NUL"},
       }) {
    const auto answer = nlohmann::json::parse(json_error(line), nullptr, false);
    ASSERT_TRUE(answer.is_object()) << line << " was taken as " << json_error(line);
    const auto sent = nlohmann::json::parse(line);
    EXPECT_EQ(
        answer,
        nlohmann::json({{"re", sent["op"]}, {"id", 1}, {"ok", false}, {"error", "bad-argument"}, {"message", message}}))
        << line;
  }
}

TEST(JsonParser, ALoginWithAPasswordThatNobodyCanHaveIsAWrongOne) {
  for (const auto& password : {""s, "short"s, std::string(129, 'x')})
    EXPECT_EQ(json_error(R"({"op":"login","name":"alice","password":")" + password + R"("})"),
              "{\"re\":\"login\",\"ok\":false,\"error\":\"bad-credentials\",\"message\":\"wrong name or password\"}\n");
}

TEST(JsonParser, NestingIsBounded) {
  const std::string ping = R"({"op":"ping","id":1,"x":)";
  EXPECT_EQ(parsed_json(ping + nested(kMaxJsonDepth - 1) + "}"), "ping id='1'");
  const std::string refused =
      "{\"re\":\"ping\",\"id\":1,\"ok\":false,\"error\":\"bad-argument\",\"message\":\"the request is nested more than "
      "32 deep\"}\n";
  EXPECT_EQ(json_error(ping + nested(kMaxJsonDepth) + "}"), refused);
  EXPECT_EQ(json_error(ping + nested(4000) + "}"), refused);
  EXPECT_EQ(json_error(R"({"x":)" + nested(4000) + R"(,"op":"ping","id":1})"), refused);
}

TEST(JsonParser, AnIdThatIsTooDeepIsNotSentBack) {
  CommandStorage storage;
  const std::string deepest = nested(kMaxJsonDepth - 1);
  EXPECT_EQ(parsed_json(R"({"op":"ping","id":)" + deepest + "}"), "ping id='" + deepest + "'");
  EXPECT_EQ(json_error(R"({"op":"ping","id":)" + nested(kMaxJsonDepth) + "}"),
            "{\"re\":\"ping\",\"ok\":false,\"error\":\"bad-argument\",\"message\":\"the request is nested more than 32 "
            "deep\"}\n");
  EXPECT_EQ(json_error(R"({"op":"ping","id":[5,)" + nested(kMaxJsonDepth) + "]}"),
            "{\"re\":\"ping\",\"ok\":false,\"error\":\"bad-argument\",\"message\":\"the request is nested more than 32 "
            "deep\"}\n");
}

TEST(JsonParser, BracketsWithoutEndAreNotJson) {
  for (const auto& line : {std::string(8192, '['), R"({"a":)" + std::string(8000, '['), "{" + std::string(8000, '{')})
    EXPECT_EQ(parsed_json(line), "refused bad-command message='the line is not a JSON object'");
}

TEST(JsonParser, HalfASurrogatePairIsNoText) {
  for (const auto* text : {R"(\ud800)", R"(\udc00)", R"(\ud800x)", R"(\ud800\u0041)", R"(\ude00\ud83d)"})
    EXPECT_EQ(parsed_json(R"({"op":"echo","id":3,"text":")"s + text + R"("})"),
              "refused bad-argument op='echo' id='3' message='a string holds half a surrogate pair'")
        << text;
  EXPECT_EQ(parsed_json(R"({"op":"echo","id":["a","\ud800"],"text":"x"})"),
            "refused bad-argument op='echo' message='a string holds half a surrogate pair'");
}

TEST(JsonParser, ANumberBeyondDoublesIsRefused) {
  EXPECT_EQ(parsed_json(R"({"op":"ping","id":3,"x":1e999})"),
            "refused bad-argument op='ping' id='3' message='a number is too large'");
  EXPECT_EQ(parsed_json(R"({"op":"ping","id":[1,1e999]})"),
            "refused bad-argument op='ping' message='a number is too large'");
}

TEST(JsonParser, InvalidUtf8IsRefused) {
  for (const auto* line : {"{\"op\":\"echo\",\"text\":\"\xED\xA0\x80\"}", "\xFF", "{\"op\":\"ping\"}\xC3"})
    EXPECT_EQ(json_error(line),
              "{\"re\":null,\"ok\":false,\"error\":\"bad-utf8\",\"message\":\"the line is not UTF-8\"}\n");
}

}  // namespace
}  // namespace rookery::wire
