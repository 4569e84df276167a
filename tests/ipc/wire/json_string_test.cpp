// JSON strings against nlohmann's reader, and texts made harmless for terminals.
#include "ipc/wire/json_string.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "ipc/wire/limits.h"
#include "ipc/wire/plain_text.h"

namespace rookery::wire {
namespace {

using namespace std::string_literals;

std::string as_json(std::string_view text) {
  std::string out = "before";
  append_json_string(out, text);
  EXPECT_EQ(out.substr(0, 6), "before");
  return out.substr(6);
}

std::string as_plain(std::string_view text) {
  std::string out = "before";
  append_plain_text(out, text);
  EXPECT_EQ(out.substr(0, 6), "before");
  return out.substr(6);
}

// Text with something of everything, more of what is special.
std::string random_text(std::mt19937& random) {
  constexpr std::string_view kPieces[] = {"a",
                                          "plain words ",
                                          "\"",
                                          "\\",
                                          "\n",
                                          "\r",
                                          "\t",
                                          "\x01",
                                          "\x1B[2J",
                                          "\x7F",
                                          "\xC2\x80",
                                          "\xC2\x9F",
                                          "\xC2\xA0",
                                          "\xC2\xBF",
                                          "\xC3\xA9",
                                          "\xE2\x82\xAC",
                                          "\xF0\x9F\x98\x80",
                                          "/"};
  std::string text;
  for (auto pieces = random() % 30; pieces > 0; --pieces) text.append(kPieces[random() % std::size(kPieces)]);
  return text;
}

TEST(JsonString, EscapesWhatJsonAsksFor) {
  EXPECT_EQ(as_json(""), R"("")");
  EXPECT_EQ(as_json("plain, longer than a word"), R"("plain, longer than a word")");
  EXPECT_EQ(as_json("\"\\\b\f\n\r\t/"), R"("\"\\\b\f\n\r\t/")");
  EXPECT_EQ(as_json("\0\x01\x1F\x7F"s), "\"\\u0000\\u0001\\u001f\x7F\"");
  EXPECT_EQ(as_json("\xC2\x80\xF0\x9F\x98\x80"), "\"\xC2\x80\xF0\x9F\x98\x80\"");
}

TEST(JsonString, EveryByteAtEveryPlaceOfAWordComesBack) {
  for (int c = 0; c < 0x80; ++c) {
    for (std::size_t at = 0; at < 20; ++at) {
      std::string text(20, 'x');
      text[at] = static_cast<char>(c);
      ASSERT_EQ(nlohmann::json::parse(as_json(text)).get<std::string>(), text) << "byte " << c << " at " << at;
    }
  }
}

TEST(JsonString, RandomTextsComeBack) {
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    const std::string text = random_text(random);
    ASSERT_EQ(nlohmann::json::parse(as_json(text)).get<std::string>(), text);
  }
}

TEST(PlainText, LineEndsBecomeSpacesAndControlsBecomeMarks) {
  EXPECT_EQ(as_plain(""), "");
  EXPECT_EQ(as_plain("plain, longer than a word"), "plain, longer than a word");
  EXPECT_EQ(as_plain("a\nb\r\nc\td"), "a b  c\td");
  EXPECT_EQ(as_plain("\x1B[31mred\x07\x7F"), "\uFFFD[31mred\uFFFD\uFFFD");
  EXPECT_EQ(as_plain("\xC2\x9B"
                     "31m \xC2\x85 \xC2\x80\xC2\x9F"),
            "\uFFFD31m \uFFFD \uFFFD\uFFFD");
  EXPECT_EQ(as_plain("\xC2\xA0\xC2\xBF\xC3\x80\xE2\x82\xAC\xF0\x9F\x98\x80"),
            "\xC2\xA0\xC2\xBF\xC3\x80\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(as_plain("\0"s), "\uFFFD");
}

TEST(PlainText, NoControlCharacterIsLeftAtAnyPlace) {
  for (int c = 0; c < 0xA0; ++c) {
    const std::string character = c < 0x80 ? std::string(1, static_cast<char>(c)) : "\xC2"s + static_cast<char>(c);
    const bool kept = c == '\t' || (c >= 0x20 && c < 0x7F);
    const std::string expected = kept ? character : c == '\n' || c == '\r' ? " "s : "\uFFFD"s;
    for (std::size_t at = 0; at < 20; ++at) {
      const std::string before(at, 'x');
      const std::string after(20 - at, 'y');
      ASSERT_EQ(as_plain(before + character + after), before + expected + after) << "U+" << std::hex << c;
    }
  }
}

TEST(PlainText, NothingEndsTheLineOrTurnsItRound) {
  for (const std::string character : {"\u061C", "\u200E", "\u200F", "\u2028", "\u2029", "\u202A", "\u202B", "\u202C",
                                      "\u202D", "\u202E", "\u2066", "\u2067", "\u2068", "\u2069"}) {
    for (std::size_t at = 0; at < 20; ++at) {
      const std::string before(at, 'x');
      const std::string after(20 - at, 'y');
      ASSERT_EQ(as_plain(before + character + after), before + "\uFFFD" + after) << character << " at " << at;
    }
  }
}

TEST(PlainText, NeighboursOfHarmfulCharactersStay) {
  const std::string text = "\u061B\u061D\u200D\u2010\u2027\u202F\u2065\u206A\u2603\u0639";
  EXPECT_EQ(as_plain(text), text);
}

TEST(PlainText, RandomTextsStayUtf8OnOneLine) {
  std::mt19937 random(2);
  for (int i = 0; i < 20000; ++i) {
    const std::string plain = as_plain(random_text(random));
    ASSERT_TRUE(is_valid_utf8(plain));
    ASSERT_EQ(plain.find_first_of("\n\r\x01\x1B\x7F"), std::string::npos);
    ASSERT_EQ(plain.find("\xC2\x80"), std::string::npos);
    ASSERT_EQ(plain, as_plain(plain));
  }
}

}  // namespace
}  // namespace rookery::wire
