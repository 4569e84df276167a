#include "ipc/wire/safe_text.h"

#include <gtest/gtest.h>

namespace rookery::wire {
namespace {

TEST(SafeText, LeavesWordsOfEveryScriptAlone) {
  const std::string text = "plain, ümläut, 日本, 👩‍🚀, עברית";
  EXPECT_EQ(make_harmless(text), text);
}

TEST(SafeText, ShowsControlCharactersInsteadOfObeyingThem) {
  EXPECT_EQ(make_harmless("\033[2J\a\r\n\x7f"), "␛[2J␇␍␊␡");
  EXPECT_EQ(make_harmless(std::string_view("a\0b", 3)), "a␀b");
  EXPECT_EQ(make_harmless("\xc2\x9b"
                          "31m"),
            "\xef\xbf\xbd"
            "31m");  // CSI as one C1 character
  EXPECT_EQ(make_harmless("\xe2\x80\xae"
                          "abc"),
            "\xef\xbf\xbd"
            "abc");  // right-to-left override
}

TEST(SafeText, NeverLeavesAByteThatATerminalActsOn) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const char bytes[] = {static_cast<char>(first), static_cast<char>(second), 'm'};
      for (const char c : make_harmless({bytes, sizeof bytes}))
        ASSERT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) << first << " " << second;
    }
  }
}

TEST(SafeText, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(make_harmless("a\xff"
                          "b\xc3"),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd");
}

TEST(SafeText, NothingTurnsTheLineRoundOrEndsIt) {
  for (const std::string character :
       {"\u061C", "\u200E", "\u200F", "\u2028", "\u2029", "\u202A", "\u202E", "\u2066", "\u2069"}) {
    EXPECT_EQ(make_harmless("a" + character + "b"), "a\uFFFDb");
    EXPECT_EQ(make_lines_harmless("a" + character + "b\n"), "a\uFFFDb\n");
  }
}

TEST(SafeText, OfLinesTheEndsStay) {
  EXPECT_EQ(make_lines_harmless("a\tb\nc\n"), "a\tb\nc\n");
  EXPECT_EQ(make_lines_harmless("\033[2J\r\n\xff"), "␛[2J␍\n\uFFFD");
}

TEST(SafeText, TabsStayWhereTheyAreWanted) {
  EXPECT_EQ(make_harmless("a\tb"), "a b");
  EXPECT_EQ(make_harmless("a\tb", true), "a\tb");
}

}  // namespace
}  // namespace rookery::wire
