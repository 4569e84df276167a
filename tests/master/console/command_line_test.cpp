#include "master/console/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace rookery::master {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

ConsoleCommand understood(std::string_view line) {
  const auto parsed = parse_console_line(line);
  const auto* command = std::get_if<ConsoleCommand>(&parsed);
  if (command == nullptr) ADD_FAILURE() << line << ": " << std::get<ConsoleRefusal>(parsed).why;
  return command == nullptr ? ConsoleCommand{} : *command;
}

std::string refused(std::string_view line) {
  const auto parsed = parse_console_line(line);
  const auto* refusal = std::get_if<ConsoleRefusal>(&parsed);
  if (refusal == nullptr) ADD_FAILURE() << line << " was understood";
  return refusal == nullptr ? "" : refusal->why;
}

TEST(ConsoleLine, CommandsWithoutArguments) {
  EXPECT_EQ(understood("list").verb, ConsoleVerb::List);
  EXPECT_EQ(understood("  count\t").verb, ConsoleVerb::Count);
  EXPECT_EQ(understood("workers").verb, ConsoleVerb::Workers);
  EXPECT_EQ(understood("help").verb, ConsoleVerb::Help);
  EXPECT_EQ(understood("exit").verb, ConsoleVerb::Exit);
  EXPECT_EQ(refused("exit 5"), "bad-argument usage: exit") << "rather ask than shut down";
}

TEST(ConsoleLine, BroadcastKeepsItsText) {
  EXPECT_EQ(understood("broadcast  we go  down at 5 ").text, "we go  down at 5");
  EXPECT_EQ(understood("broadcast Grüße").text, "Grüße");
  EXPECT_THAT(refused("broadcast  "), StartsWith("bad-argument"));
  EXPECT_THAT(refused("broadcast \xff"), StartsWith("bad-utf8"));
  EXPECT_THAT(refused(std::string_view("broadcast a\0b", 13)), StartsWith("bad-argument"));
}

TEST(ConsoleLine, KickTakesAnIdAndPerhapsAReason) {
  const ConsoleCommand plain = understood("kick 12");
  EXPECT_EQ(plain.number, 12U);
  EXPECT_EQ(plain.text, kDefaultKickReason);
  const ConsoleCommand reasoned = understood("kick 18446744073709551615  be nice  now");
  EXPECT_EQ(reasoned.number, 18446744073709551615U);
  EXPECT_EQ(reasoned.text, "be nice  now");
  for (const char* line : {"kick", "kick x", "kick 12x", "kick -1", "kick 18446744073709551616", "kick ''"})
    EXPECT_THAT(refused(line), StartsWith("bad-argument usage: kick ID [REASON]")) << line;
}

TEST(ConsoleLine, DrainAndScaleTakeOneNumber) {
  EXPECT_EQ(understood("drain 0").verb, ConsoleVerb::Drain);
  EXPECT_EQ(understood(" drain   12 ").number, 12U);
  EXPECT_EQ(understood("scale 3").verb, ConsoleVerb::Scale);
  EXPECT_EQ(understood("scale 3").number, 3U);
  for (const char* line : {"scale", "scale x", "scale 3x", "scale -1", "scale +1", "scale 1 2", "scale 1.5"})
    EXPECT_EQ(refused(line), "bad-argument usage: scale N") << line;
  EXPECT_EQ(refused("drain all"), "bad-argument usage: drain SLOT");
}

TEST(ConsoleLine, AMistypedCommandIsGuessed) {
  EXPECT_THAT(refused("wrokers"), HasSubstr("did you mean workers?"));
  EXPECT_THAT(refused("xyzzyplugh"), HasSubstr("try help"));
  EXPECT_THAT(refused(""), StartsWith("bad-command"));
}

TEST(ConsoleLine, WhatIsRepeatedIsHarmlessAndShort) {
  const std::string answer = refused("\x1b]0;evil\a" + std::string(8000, 'x'));
  EXPECT_THAT(answer, HasSubstr("?]0;evil?"));
  EXPECT_LT(answer.size(), 200U);
}

TEST(ConsoleHelp, NamesEveryCommand) {
  for (const char* word :
       {"list", "count", "workers", "broadcast TEXT", "kick ID [REASON]", "drain SLOT", "scale N", "help", "exit"})
    EXPECT_THAT(console_help(), HasSubstr(word));
}

}  // namespace
}  // namespace rookery::master
