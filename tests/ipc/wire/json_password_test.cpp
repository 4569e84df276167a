#include "ipc/wire/json_password.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "ipc/wire/json_request.h"

namespace rookery::wire {
namespace {

std::string masked(std::string_view line) {
  return std::string(PasswordMask(line).masked());
}

std::string password_of(std::string_view line) {
  CommandStorage storage;
  const JsonRequest request = read_json_request(line, storage);
  if (request.fault != JsonFault::None) return "(fault)";
  return request.type(Field::Password) == FieldType::String ? storage.password : "(none)";
}

TEST(PasswordMask, HidesThePasswordAndNothingElse) {
  EXPECT_EQ(masked(R"({"op":"login","name":"alice","password":"correct-horse"})"),
            R"({"op":"login","name":"alice","password":"xxxxxxxxxxxxx"})");
  EXPECT_EQ(masked(R"({ "password" : "a\"b\\" , "x":"password" })"), R"({ "password" : "xxxxxx" , "x":"password" })");
  EXPECT_EQ(masked(R"({"p\u0061ssword":"secret"})"), R"({"p\u0061ssword":"xxxxxx"})");
  EXPECT_EQ(masked(R"({"password":"one","password":"two"})"), R"({"password":"xxx","password":"xxx"})");
  EXPECT_EQ(masked(R"({"password":"not closed)"), R"({"password":"xxxxxxxxxx)");
  EXPECT_EQ(masked(R"({"password":"\u00e9\ud83d\ude00é"})"), "{\"password\":\"" + std::string(20, 'x') + "\"}");
}

TEST(PasswordMask, LeavesWhatIsNoPassword) {
  for (const char* line :
       {R"({"op":"echo","text":"my password is \"password\":\"secret\""})", R"({"id":{"password":"kept"},"op":"ping"})",
        R"({"password":7})", R"({"password":["a"]})", R"({"text":"password"})", R"(["password","a"])", R"("password":)",
        R"({"Password":"other"})", "{", ""})
    EXPECT_EQ(masked(line), line);
}

TEST(PasswordMask, WhatIsNoJsonStaysNone) {
  for (const char* line :
       {R"({"password":"a\qb"})", R"({"password":"a\u12"})", R"({"password":"\ud800"})",
        R"({"password":"\udc00\ud800"})", "{\"password\":\"a\tb\"}", R"({"password":"a\)", R"({"password":"a\"})"}) {
    EXPECT_FALSE(nlohmann::json::accept(masked(line))) << line;
    EXPECT_EQ(password_of(line), "(fault)") << line;
  }
}

TEST(PasswordMask, ThePasswordIsReadAsTheParserWould) {
  for (const std::string password : {"", "correct-horse", "\"\\/\b\f\n\r\t", "\x01\x1f", "grüße, 日本 😀",
                                     "a password that needs memory of its own"}) {
    const std::string line = nlohmann::json{{"op", "login"}, {"password", password}}.dump();
    EXPECT_EQ(password_of(line), password) << line;
    EXPECT_EQ(password_of(nlohmann::json{{"op", "login"}, {"password", password}}.dump(1, '\t', true)), password);
  }
  EXPECT_EQ(password_of(R"({"password":"one","password":"two"})"), "two");
  EXPECT_EQ(password_of(R"({"password":"one","password":2})"), "(none)");
  EXPECT_EQ(password_of(R"({"op":"login"})"), "(none)");
}

TEST(PasswordMask, TheStorageIsWiped) {
  CommandStorage storage;
  static_cast<void>(read_json_request(R"({"password":"a password that needs memory of its own"})", storage));
  const std::string_view bytes = storage.password;
  EXPECT_TRUE(bytes.starts_with("a password"));
  storage.wipe_password();
  EXPECT_EQ(bytes.find_first_not_of('\0'), std::string_view::npos) << "the memory is still the string's";
  EXPECT_TRUE(storage.password.empty());
}

}  // namespace
}  // namespace rookery::wire
