// Names, rooms, passwords, texts and UTF-8: what is let in and what is not.
#include "ipc/wire/limits.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ipc/wire/command.h"
#include "ipc/wire/error_code.h"

namespace rookery::wire {
namespace {

using namespace std::string_literals;

TEST(Limits, NamesAreOneToThirtyTwoOfTheirCharacters) {
  for (const auto& name : {"a"s, "Z"s, "0"s, "_"s, "-"s, "alice_B-42"s, std::string(32, 'x')})
    EXPECT_TRUE(is_valid_name(name)) << name;
  for (const auto& name :
       {""s, std::string(33, 'x'), "a b"s, "#a"s, "a.b"s, "a\0b"s, "\xC3\xA9"s, "a\n"s, "@"s, "["s, "`"s, "{"s})
    EXPECT_FALSE(is_valid_name(name)) << name;
}

TEST(Limits, GuestNamesAreTheWordAndDigitsInAnyCase) {
  for (const auto* name : {"guest1", "Guest12", "GUEST007", "gUeSt99999999999999"})
    EXPECT_TRUE(is_guest_name(name)) << name;
  for (const auto* name : {"guest", "guests", "guest1a", "guest-1", "xguest1", "gues1", "", "guess12"})
    EXPECT_FALSE(is_guest_name(name)) << name;
}

TEST(Limits, NamesThatWouldBeTakenForSomebodyElseAreReserved) {
  for (const auto* name : {"guest", "GUEST", "guest1", "Guest-1", "guest-book", "root", "Root", "admin", "ADMIN",
                           "system", "server", "-", "-h", "--help"})
    EXPECT_TRUE(is_reserved_name(name)) << name;
  for (const auto* name : {"guests", "guestbook", "roots", "administrator", "servers", "my-root", "a-", "_"})
    EXPECT_FALSE(is_reserved_name(name)) << name;
}

TEST(Limits, RoomsAreAHashAndAName) {
  for (const auto& room : {"#lobby"s, "#a"s, "#" + std::string(32, 'x')}) EXPECT_TRUE(is_valid_room(room)) << room;
  for (const auto& room : {""s, "#"s, "lobby"s, "*"s, "##a"s, "#" + std::string(33, 'x'), "#a b"s})
    EXPECT_FALSE(is_valid_room(room)) << room;
}

TEST(Limits, PasswordsAreEightTo128Bytes) {
  EXPECT_FALSE(is_valid_password(std::string(7, 'x')));
  EXPECT_TRUE(is_valid_password(std::string(8, 'x')));
  EXPECT_TRUE(is_valid_password(std::string(128, 'x')));
  EXPECT_FALSE(is_valid_password(std::string(129, 'x')));
}

TEST(Limits, TextsAreNotEmptyAndHoldNoNul) {
  EXPECT_TRUE(is_valid_text(" "));
  EXPECT_TRUE(is_valid_text("two\nlines"));
  EXPECT_FALSE(is_valid_text(""));
  EXPECT_FALSE(is_valid_text("a\0b"s));
}

// The table of the Unicode standard (3-7) from both sides of each of its edges.
const std::vector<std::string> kGoodUtf8 = {
    "",
    "plain",
    "\x7F",
    "\0"s,
    "\xC2\x80",
    "\xDF\xBF",
    "\xE0\xA0\x80",
    "\xED\x9F\xBF",  // U+D7FF, the last before the surrogates
    "\xEE\x80\x80",  // U+E000, the first after them
    "\xEF\xBF\xBE",  // U+FFFE and U+FFFF are no characters, but well formed
    "\xEF\xBF\xBF",
    "\xEF\xBB\xBF",  // a byte order mark
    "\xF0\x90\x80\x80",
    "\xF4\x8F\xBF\xBF",  // U+10FFFF
};
const std::vector<std::string> kBadUtf8 = {
    "\x80",  // a tail alone
    "\xBF",
    "\xC0\x80",  // overlong NUL
    "\xC1\xBF",  // overlong
    "\xE0\x80\x80",
    "\xE0\x9F\xBF",
    "\xF0\x80\x80\x80",
    "\xF0\x8F\xBF\xBF",
    "\xED\xA0\x80",              // the first surrogate
    "\xED\xBF\xBF",              // the last
    "\xED\xA0\xBD\xED\xB8\x80",  // a pair of them
    "\xF4\x90\x80\x80",          // U+110000
    "\xF5\x80\x80\x80",
    "\xF8\x88\x80\x80\x80",
    "\xFE",
    "\xFF",
    "\xC2",  // cut short
    "\xE2\x82",
    "\xE2",
    "\xF0\x9F\x98",
    "\xF0\x9F",
    "\xF0",
    "\xC2\x41",  // a tail missing in the middle
    "\xE2\x82\x41",
    "\xE2\x41\xAC",
    "\xF0\x9F\x41\x80",
    "\xC3\xA9\xA9",  // a tail too many
};

TEST(Utf8, EdgesAreJudgedRightWhereverTheyStand) {
  for (std::size_t before = 0; before <= 17; ++before) {
    for (std::size_t after = 0; after <= 17; after += before < 2 ? 1 : 17) {
      const std::string head(before, 'a');
      const std::string tail(after, 'z');
      for (const auto& good : kGoodUtf8) EXPECT_TRUE(is_valid_utf8(head + good + tail)) << before << " " << after;
      for (const auto& bad : kBadUtf8) EXPECT_FALSE(is_valid_utf8(head + bad + tail)) << before << " " << after;
    }
  }
}

TEST(Utf8, EveryCodePointIsWellFormedAndEverySurrogateIsNot) {
  for (std::uint32_t c = 0; c <= 0x10FFFF; ++c) {
    std::string bytes;
    const auto push = [&bytes](std::uint32_t byte) { bytes.push_back(static_cast<char>(byte)); };
    if (c < 0x80) {
      push(c);
    } else if (c < 0x800) {
      push(0xC0 | c >> 6);
      push(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
      push(0xE0 | c >> 12);
      push(0x80 | (c >> 6 & 0x3F));
      push(0x80 | (c & 0x3F));
    } else {
      push(0xF0 | c >> 18);
      push(0x80 | (c >> 12 & 0x3F));
      push(0x80 | (c >> 6 & 0x3F));
      push(0x80 | (c & 0x3F));
    }
    ASSERT_EQ(is_valid_utf8(bytes), c < 0xD800 || c > 0xDFFF) << std::hex << c;
  }
}

TEST(Words, OpsAndErrorCodesAreSpelledAsTheProtocolSays) {
  for (std::size_t i = 0; i < kOpCount; ++i) {
    const auto op = static_cast<Op>(i);
    EXPECT_EQ(op_from_word(to_string(op)), op);
  }
  EXPECT_EQ(to_string(Op::Echo), "echo");
  EXPECT_EQ(to_string(Op::Say), "say");
  EXPECT_EQ(to_string(Op::History), "history");
  EXPECT_EQ(op_from_word("resumes"), std::nullopt);
  EXPECT_EQ(op_from_word("Echo"), std::nullopt);
  EXPECT_EQ(op_from_word(""), std::nullopt);

  const std::vector<std::string> words = {"bad-command",  "bad-argument",    "bad-utf8",      "line-too-long",
                                          "name-taken",   "bad-credentials", "not-logged-in", "already-logged-in",
                                          "no-such-name", "no-such-room",    "not-in-room",   "rate-limited",
                                          "server-full",  "too-slow",        "not-durable",   "shutting-down"};
  for (std::size_t i = 0; i < words.size(); ++i) EXPECT_EQ(to_string(static_cast<ErrorCode>(i)), words[i]);
}

}  // namespace
}  // namespace rookery::wire
