#include "worker/pool/text_statistics.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>

namespace rookery::worker {
namespace {

using namespace std::string_view_literals;

struct Case {
  std::string_view name;
  std::string_view text;
  std::size_t words, characters, vowels, odd_words;
};

void PrintTo(const Case& one, std::ostream* out) {
  *out << one.name;
}  // found by GoogleTest

class TextStatistics : public ::testing::TestWithParam<Case> {};

TEST_P(TextStatistics, Counts) {
  const Case& expected = GetParam();
  EXPECT_EQ(count_words(expected.text), expected.words);
  EXPECT_EQ(count_characters(expected.text), expected.characters);
  EXPECT_EQ(count_vowels(expected.text), expected.vowels);
  EXPECT_EQ(count_odd_words(expected.text), expected.odd_words);
}

constexpr Case kCases[] = {
    {"Empty", "", 0, 0, 0, 0},
    {"OnlySpace", " \t\n\v\f\r", 0, 6, 0, 0},
    {"OneOddWord", "one", 1, 3, 2, 1},
    {"OneEvenWord", "four", 1, 4, 2, 0},
    {"Sentence", "the quick brown fox", 4, 19, 5, 4},
    {"SpaceAround", "  a  bc\t\tdef \n", 3, 14, 2, 2},
    {"EveryWhiteSpace", "a b\tc\nd\ve\ff\rg", 7, 13, 2, 7},
    {"BothCases", "AEIOU aeiou Yy", 3, 14, 10, 2},
    {"Apostrophe", "it's", 1, 4, 1, 1},
    {"DigitsAreNoLetters", "42 a1 1a2b3", 3, 11, 2, 1},
    {"PunctuationAlone", "-- ?! ...", 3, 9, 0, 0},
    {"BesideTheAlphabet", "@ [ ` {", 4, 7, 0, 0},
    {"TwoByteLetters", "caf\u00e9 \u00fcber \u00e9", 3, 11, 2, 1},
    {"ThreeByteLetters", "\u65e5\u672c\u8a9e", 1, 3, 0, 1},
    {"FourByteLetters", "\U0001F600 \U0001F600\U0001F600", 2, 4, 0, 1},
    {"CombiningAccent", "e\u0301", 1, 2, 1, 0},
    {"NoBreakSpaceIsALetter", "a\u00a0b", 1, 3, 1, 1},
    {"FirstAndLastCodePoints", "\u0080\u07ff\u0800\uffff\U00010000\U0010ffff", 1, 6, 0, 0},
    {"NulIsNeither", "a\0b"sv, 1, 3, 1, 0},
    {"HalfACharacterAtTheEnd", "ab\xc3", 1, 3, 1, 1},
    {"ContinuationBytesAlone", "\x80\xbf", 1, 0, 0, 0},
};

INSTANTIATE_TEST_SUITE_P(Texts, TextStatistics, ::testing::ValuesIn(kCases),
                         [](const ::testing::TestParamInfo<Case>& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace rookery::worker
