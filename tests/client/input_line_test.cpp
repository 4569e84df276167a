#include "client/terminal/input_line.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rookery::client {
namespace {

// The request as JSON without its id, or "-" when the line asks the server for nothing.
std::string asked(std::string_view line) {
  const Input input = parse_input(line, "#here");
  const auto* request = std::get_if<Request>(&input);
  if (request == nullptr) return "-";
  nlohmann::ordered_json json = nlohmann::ordered_json::parse(encode_request(*request, 7));
  EXPECT_EQ(json["id"], 7);
  json.erase("id");
  return json.dump();
}

std::string refusal_of(std::string_view line) {
  const Input input = parse_input(line, "#here");
  const auto* refusal = std::get_if<InputRefusal>(&input);
  return refusal == nullptr ? "-" : refusal->code;
}

TEST(InputLine, APlainLineIsSaidInTheCurrentRoom) {
  EXPECT_EQ(asked("hello there "), R"({"op":"say","room":"#here","text":"hello there "})");
  EXPECT_EQ(asked("quit it"), R"({"op":"say","room":"#here","text":"quit it"})");
}

TEST(InputLine, ACommandBehindBlanksIsNotSaid) {
  for (const std::string blanks : {" ", "  ", "\t", "\u00A0", "\u200B ", "\uFEFF", "\u3000\t "}) {
    const std::string line = blanks + "/login bob secret-pass";
    EXPECT_EQ(asked(line), R"({"op":"login","name":"bob","password":"secret-pass"})") << line;
    EXPECT_EQ(asked(blanks + "/register bob secret-pass"),
              R"({"op":"register","name":"bob","password":"secret-pass"})");
    EXPECT_EQ(asked(blanks + "/ping"), R"({"op":"ping"})");
    EXPECT_EQ(refusal_of(blanks + "/lgoin bob secret-pass"), "bad-command");
    EXPECT_TRUE(holds_password(line)) << line;
    EXPECT_FALSE(belongs_in_history_file(line)) << line;
    EXPECT_EQ(without_password(line), "/login bob ...") << line;
  }
  EXPECT_EQ(asked(" hello /login"), R"({"op":"say","room":"#here","text":" hello /login"})");
  EXPECT_TRUE(holds_password("/ login bob secret-pass")) << "it is one as well";
}

TEST(InputLine, EveryCommandOfTheTextDialect) {
  EXPECT_EQ(asked("/register bob secret-pass"), R"({"op":"register","name":"bob","password":"secret-pass"})");
  EXPECT_EQ(asked("/login bob secret pass"), R"({"op":"login","name":"bob","password":"secret pass"})");
  EXPECT_EQ(asked("/logout"), R"({"op":"logout"})");
  EXPECT_EQ(asked("/broadcast to all"), R"({"op":"broadcast","text":"to all"})");
  EXPECT_EQ(asked("/b to all"), R"({"op":"broadcast","text":"to all"})");
  EXPECT_EQ(asked("/say #x  hi"), R"({"op":"say","room":"#x","text":"hi"})");
  EXPECT_EQ(asked("/msg al hi \"you\""), R"({"op":"msg","to":"al","text":"hi \"you\""})");
  EXPECT_EQ(asked("/join #x"), R"({"op":"join","room":"#x"})");
  EXPECT_EQ(asked("/leave"), R"({"op":"leave","room":"#here"})");
  EXPECT_EQ(asked("/leave #x"), R"({"op":"leave","room":"#x"})");
  EXPECT_EQ(asked("/rooms"), R"({"op":"rooms"})");
  EXPECT_EQ(asked("/presence on"), R"({"op":"presence","on":true})");
  EXPECT_EQ(asked("/presence off"), R"({"op":"presence","on":false})");
  EXPECT_EQ(asked("/list"), R"({"op":"list"})");
  EXPECT_EQ(asked("/history"), R"({"op":"history","room":"#here"})");
  EXPECT_EQ(asked("/history 5"), R"({"op":"history","room":"#here","limit":5})");
  EXPECT_EQ(asked("/history #x 5"), R"({"op":"history","room":"#x","limit":5})");
  EXPECT_EQ(asked("/count a b"), R"({"op":"count","text":"a b"})");
  EXPECT_EQ(asked("/ping"), R"({"op":"ping"})");
  EXPECT_EQ(asked("/ECHO ü"), R"({"op":"echo","text":"ü"})");
}

TEST(InputLine, WhatTheClientDoesItself) {
  EXPECT_TRUE(std::holds_alternative<QuitWanted>(parse_input("/quit", "#here")));
  EXPECT_TRUE(std::holds_alternative<QuitWanted>(parse_input("quit", "#here")));
  EXPECT_TRUE(std::holds_alternative<QuitWanted>(parse_input(" exit ", "#here")));
  EXPECT_TRUE(std::holds_alternative<HelpWanted>(parse_input("/help", "#here")));
  EXPECT_TRUE(std::holds_alternative<NothingTyped>(parse_input(" \t", "#here")));
  const Input room = parse_input("/room #x", "#here");
  ASSERT_TRUE(std::holds_alternative<RoomSwitch>(room));
  EXPECT_EQ(std::get<RoomSwitch>(room).room, "#x");
  const Input login = parse_input("/login bob", "#here");
  ASSERT_TRUE(std::holds_alternative<PasswordNeeded>(login));
  EXPECT_EQ(std::get<PasswordNeeded>(login).name, "bob");
}

TEST(InputLine, RefusesWhatTheServerWouldToo) {
  EXPECT_EQ(refusal_of("/nonsense"), "bad-command");
  EXPECT_EQ(refusal_of("/"), "bad-command");
  EXPECT_EQ(refusal_of("a\xff"), "bad-utf8");
  for (const char* line :
       {"/msg", "/msg bob", "/say #x", "/b", "/b  ", "/join", "/join a b", "/presence", "/presence maybe", "/history x",
        "/history 1 2", "/room nohash", "/rooms now", "/login", "/count", "/echo"})
    EXPECT_EQ(refusal_of(line), "bad-argument") << line;
}

TEST(InputLine, HelpNamesEveryCommand) {
  for (const char* word : {"/register", "/login", "/logout", "/broadcast", "/say", "/msg", "/join", "/leave", "/rooms",
                           "/presence", "/list", "/history", "/count", "/ping", "/echo", "/help", "/quit", "/room"})
    EXPECT_NE(input_help().find(word), std::string::npos) << word;
}

TEST(InputLine, PasswordsAreNeitherKeptNorShown) {
  for (const char* line :
       {"/login bob secret-pass", "/register bob secret-pass", "/LOGIN  bob secret-pass", " /login bob secret-pass"}) {
    EXPECT_TRUE(holds_password(line)) << line;
    EXPECT_FALSE(belongs_in_history_file(line)) << line;
    EXPECT_EQ(without_password(line).find("secret"), std::string::npos) << line;
  }
  EXPECT_FALSE(belongs_in_history_file("/lgoin bob secret-pass")) << "a mistyped login is not kept either";
  EXPECT_TRUE(belongs_in_history_file("/login bob"));
  EXPECT_TRUE(belongs_in_history_file("hello"));
  EXPECT_EQ(without_password("hello /login x y"), "hello /login x y");
}

}  // namespace
}  // namespace rookery::client
