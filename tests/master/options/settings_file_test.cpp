// The grammar of .env and of the configuration file, line by line.
#include "master/options/settings_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>

namespace rookery::master {
namespace {

using namespace std::string_literals;

TEST(SettingsFile, ReadsEveryShapeOfALine) {
  const std::array<std::pair<std::string, std::string>, 20> values{{
      {"K=v", "v"},
      {"  K = v w  ", "v w"},
      {"export K=v", "v"},
      {"export\tK = v", "v"},
      {"K=", ""},
      {"K= # nothing", ""},
      {"K=v # comment", "v"},
      {"K=v#no comment", "v#no comment"},
      {"K=a=b", "a=b"},
      {"K='a # \"b\" \\n'", "a # \"b\" \\n"},
      {"K=''", ""},
      {"K='v'# comment", "v"},
      {"K=\"a # b\" # comment", "a # b"},
      {R"(K="a\"b\\c\n\t\$\x")", "a\"b\\c\n\t$\\x"},
      {"K=\"\"", ""},
      {"K=it's", "it's"},
      {"K=a \"b\"", "a \"b\""},
      {"K=v\r", "v"},
      {"\xEF\xBB\xBFK=v", "v"},
      {"K=\xC3\xA4", "\xC3\xA4"},
  }};
  for (const auto& [line, value] : values) {
    const std::vector<FileSetting> entries = parse_settings_file(line, "f");
    ASSERT_EQ(entries.size(), 1U) << line;
    EXPECT_EQ(entries[0].key, "K") << line;
    EXPECT_EQ(entries[0].value, value) << line;
  }
}

TEST(SettingsFile, CountsLinesOverCommentsAndBlankOnes) {
  const std::vector<FileSetting> entries = parse_settings_file("\n# c\n  \t\r\n  # d\nA=1\n\nB.c-d=2", "f");
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].line, 5U);
  EXPECT_EQ(entries[1].line, 7U);
  EXPECT_EQ(entries[1].key, "B.c-d");
}

TEST(SettingsFile, AnEmptyFileSetsNothing) {
  EXPECT_TRUE(parse_settings_file("", "f").empty());
  EXPECT_TRUE(parse_settings_file("\n\n", "f").empty());
}

TEST(SettingsFile, AKeyMayBeCalledExport) {
  EXPECT_EQ(parse_settings_file("export = 1", "f").at(0).key, "export");
}

TEST(SettingsFile, NamesTheBrokenLineAndWhatIsWrongWithIt) {
  const std::array<std::pair<std::string, std::string>, 10> broken{{
      {"PORT", "expected KEY=VALUE"},
      {"[section]", "expected KEY=VALUE"},
      {"=v", "expected KEY=VALUE, with letters, digits, '_', '.' and '-' in KEY"},
      {"MY KEY=v", "expected KEY=VALUE, with letters, digits, '_', '.' and '-' in KEY"},
      {"export A B=v", "expected KEY=VALUE, with letters, digits, '_', '.' and '-' in KEY"},
      {"K='v", "a single quote that is not closed"},
      {"K=\"v", "a double quote that is not closed"},
      {"K=\"v\\\"", "a double quote that is not closed"},
      {"K='v'w", "something follows the closing quote"},
      {"K=a\0b"s, "a zero byte; is this a text file?"},
  }};
  for (const auto& [line, why] : broken) {
    try {
      static_cast<void>(parse_settings_file("GOOD=1\n" + line + "\nGOOD=2\n", "some.conf"));
      ADD_FAILURE() << "taken: " << line;
    } catch (const BrokenFile& error) {
      EXPECT_EQ(error.what(), "some.conf:2: " + why) << line;
    }
  }
}

TEST(SettingsFile, AnEndlessFileIsNotReadToItsEnd) {
  try {
    static_cast<void>(read_settings_file("/dev/zero", "zero"));
    FAIL() << "taken";
  } catch (const BrokenFile& error) {
    EXPECT_STREQ(error.what(), "zero: larger than 1 MiB");
  }
}

}  // namespace
}  // namespace rookery::master
