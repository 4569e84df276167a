#include "master/upgrade/verdict.h"

#include <gmock/gmock.h>

namespace rookery::master {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(RehearsalVerdictTest, YesAndNotesComeBack) {
  const auto verdict = read_verdict(encode({.yes = true, .version = "1.0", .why = {}, .notes = {"--port stays", "b"}}));
  EXPECT_TRUE(verdict.yes);
  EXPECT_EQ(verdict.version, "1.0");
  EXPECT_THAT(verdict.notes, ElementsAre("--port stays", "b"));
}

TEST(RehearsalVerdictTest, NoComesBackWithItsReason) {
  const auto verdict = read_verdict(encode({.yes = false, .version = {}, .why = "no such option\nyes", .notes = {}}));
  EXPECT_FALSE(verdict.yes);
  EXPECT_EQ(verdict.why, "no such option?yes") << "on one line";
}

TEST(RehearsalVerdictTest, OnlyAFirstLineSaysYes) {
  for (const char* text :
       {"", "yes", "yes 1.0", "hello\nyes 1.0\n", "no\nyes 1.0\n", "\nyes 1.0\n", "no why\nyes 1.0\n"})
    EXPECT_FALSE(read_verdict(text).yes) << text;
  EXPECT_THAT(read_verdict("garbage\n").why, IsEmpty());
}

TEST(RehearsalVerdictTest, WhatItSaysIsSafeToPrint) {
  EXPECT_EQ(read_verdict("no \x1b[31mred\n").why, "?[31mred");
}

}  // namespace
}  // namespace rookery::master
