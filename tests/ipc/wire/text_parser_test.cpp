// What people type: every command, every way to get it wrong.
#include <gtest/gtest.h>

#include <string>

#include "ipc/wire/text_dialect.h"
#include "tests/ipc/wire/stream_reader.h"

namespace rookery::wire {
namespace {

using namespace std::string_literals;

std::string parsed_text(std::string_view line) {
  CommandStorage storage;
  return describe(dialect(DialectId::Text).parse(line, storage));
}

// The refusal as the client sees it.
std::string text_error(std::string_view line) {
  CommandStorage storage;
  const ParseOutcome outcome = dialect(DialectId::Text).parse(line, storage);
  if (std::holds_alternative<Command>(outcome)) return describe(outcome);
  std::string out;
  dialect(DialectId::Text).refused(out, std::get<Refusal>(outcome));
  return out;
}

TEST(TextParser, ALineWithoutASlashIsEchoed) {
  EXPECT_EQ(parsed_text("hello"), "echo text='hello'");
  EXPECT_EQ(parsed_text(""), "echo");
  EXPECT_EQ(parsed_text(" /ping"), "echo text=' /ping'");
  EXPECT_EQ(parsed_text("gr\xC3\xBC\xC3\x9F"), "echo text='gr%C3%BC%C3%9F'");
}

TEST(TextParser, AnEchoIsAViewIntoTheLine) {
  const std::string line = "no copy of this is made";
  CommandStorage storage;
  const ParseOutcome outcome = dialect(DialectId::Text).parse(line, storage);
  EXPECT_EQ(std::get<Command>(outcome).text.data(), line.data());
}

TEST(TextParser, EveryCommand) {
  EXPECT_EQ(parsed_text("/register alice correct-horse"), "register name='alice' password='correct-horse'");
  EXPECT_EQ(parsed_text("/login alice correct-horse"), "login name='alice' password='correct-horse'");
  EXPECT_EQ(parsed_text("/logout"), "logout");
  EXPECT_EQ(parsed_text("/broadcast hello all"), "broadcast text='hello all'");
  EXPECT_EQ(parsed_text("/b hello all"), "broadcast text='hello all'");
  EXPECT_EQ(parsed_text("/say #lobby hello"), "say room='#lobby' text='hello'");
  EXPECT_EQ(parsed_text("/msg bob hello"), "msg name='bob' text='hello'");
  EXPECT_EQ(parsed_text("/msg guest12 hello"), "msg name='guest12' text='hello'");
  EXPECT_EQ(parsed_text("/join #garden"), "join room='#garden'");
  EXPECT_EQ(parsed_text("/leave #garden"), "leave room='#garden'");
  EXPECT_EQ(parsed_text("/rooms"), "rooms");
  EXPECT_EQ(parsed_text("/presence on"), "presence on");
  EXPECT_EQ(parsed_text("/presence off"), "presence");
  EXPECT_EQ(parsed_text("/presence ON"), "presence on");
  EXPECT_EQ(parsed_text("/list"), "list");
  EXPECT_EQ(parsed_text("/history"), "history room='#lobby'");
  EXPECT_EQ(parsed_text("/history 10"), "history room='#lobby' limit=10");
  EXPECT_EQ(parsed_text("/history #garden"), "history room='#garden'");
  EXPECT_EQ(parsed_text("/history #garden 1000"), "history room='#garden' limit=1000");
  EXPECT_EQ(parsed_text("/count one two"), "count text='one two'");
  EXPECT_EQ(parsed_text("/ping"), "ping");
  EXPECT_EQ(parsed_text("/help"), "help");
  EXPECT_EQ(parsed_text("/quit"), "quit");
}

TEST(TextParser, CommandsAreReadInAnyCase) {
  EXPECT_EQ(parsed_text("/PING"), "ping");
  EXPECT_EQ(parsed_text("/Join #Garden"), "join room='#Garden'");
  EXPECT_EQ(parsed_text("/B Hi"), "broadcast text='Hi'");
}

TEST(TextParser, ATextIsKeptAsItIs) {
  EXPECT_EQ(parsed_text("/b  two  spaces "), "broadcast text=' two  spaces '");
  EXPECT_EQ(parsed_text("/say   #lobby  x"), "say room='#lobby' text=' x'");
  EXPECT_EQ(parsed_text("/b /ping"), "broadcast text='/ping'");
  EXPECT_EQ(parsed_text("/b  "), "broadcast text=' '");
}

TEST(TextParser, SpacesBetweenAndAfterWordsDoNotMatter) {
  EXPECT_EQ(parsed_text("/ping  "), "ping");
  EXPECT_EQ(parsed_text("/join    #garden "), "join room='#garden'");
  EXPECT_EQ(parsed_text("/history  #garden   5 "), "history room='#garden' limit=5");
}

TEST(TextParser, AnUnknownCommandNamesTheNearest) {
  EXPECT_EQ(text_error("/jion #a"), "ERR bad-command no such command; did you mean /join?\n");
  EXPECT_EQ(text_error("/broadcst x"), "ERR bad-command no such command; did you mean /broadcast?\n");
  EXPECT_EQ(text_error("/HISTRY"), "ERR bad-command no such command; did you mean /history?\n");
  EXPECT_EQ(text_error("/registeryy"), "ERR bad-command no such command; did you mean /register?\n");
  EXPECT_EQ(text_error("/pings"), "ERR bad-command no such command; did you mean /ping?\n");
  EXPECT_EQ(text_error("/frobnicate"), "ERR bad-command no such command; /help lists them\n");
  EXPECT_EQ(text_error("/registeryyy"), "ERR bad-command no such command; /help lists them\n");
  EXPECT_EQ(text_error("/x"), "ERR bad-command no such command; /help lists them\n");
  EXPECT_EQ(text_error("/"), "ERR bad-command no such command; /help lists them\n");
  EXPECT_EQ(text_error("/ ping"), "ERR bad-command no such command; /help lists them\n");
  EXPECT_EQ(text_error("//text"), "ERR bad-command no such command; /help lists them\n");
  EXPECT_EQ(text_error("/echo hi"), "ERR bad-command no such command; /help lists them\n");
  EXPECT_EQ(text_error("/" + std::string(8000, 'p')), "ERR bad-command no such command; /help lists them\n");
}

TEST(TextParser, MissingAndExtraArgumentsAreAnsweredWithTheUsage) {
  for (const auto* line : {"/join", "/join ", "/join #a b", "/join #a #b"})
    EXPECT_EQ(text_error(line), "ERR bad-argument usage: /join #ROOM\n") << line;
  EXPECT_EQ(text_error("/leave"), "ERR bad-argument usage: /leave #ROOM\n");
  for (const auto* line : {"/register", "/register alice", "/register alice correct horse-battery"})
    EXPECT_TRUE(text_error(line).starts_with("ERR bad-argument usage: /register NAME PASSWORD")) << line;
  EXPECT_EQ(text_error("/login alice"), "ERR bad-argument usage: /login NAME PASSWORD\n");
  for (const auto* line : {"/b", "/b ", "/broadcast", "/BROADCAST "})
    EXPECT_EQ(text_error(line), "ERR bad-argument usage: /broadcast TEXT\n") << line;
  for (const auto* line : {"/say", "/say #lobby", "/say #lobby "})
    EXPECT_EQ(text_error(line), "ERR bad-argument usage: /say #ROOM TEXT\n") << line;
  for (const auto* line : {"/msg", "/msg bob", "/msg bob "})
    EXPECT_EQ(text_error(line), "ERR bad-argument usage: /msg NAME TEXT\n") << line;
  EXPECT_EQ(text_error("/count"), "ERR bad-argument usage: /count TEXT\n");
  for (const auto* line : {"/presence", "/presence maybe", "/presence on off", "/presence o"})
    EXPECT_EQ(text_error(line), "ERR bad-argument usage: /presence on|off\n") << line;
  EXPECT_EQ(text_error("/ping pong"), "ERR bad-argument usage: /ping\n");
  EXPECT_EQ(text_error("/rooms x"), "ERR bad-argument usage: /rooms\n");
  EXPECT_EQ(text_error("/list x"), "ERR bad-argument usage: /list\n");
  EXPECT_EQ(text_error("/logout now"), "ERR bad-argument usage: /logout\n");
  EXPECT_EQ(text_error("/help me"), "ERR bad-argument usage: /help\n");
  EXPECT_EQ(text_error("/quit bye"), "ERR bad-argument usage: /quit\n");
  EXPECT_EQ(text_error("/history #a 5 5"), "ERR bad-argument usage: /history [#ROOM] [N]\n");
}

TEST(TextParser, AnInvalidArgumentIsToldItsRule) {
  EXPECT_EQ(text_error("/join garden"),
            "ERR bad-argument usage: /join #ROOM (a room is # and 1 to 32 of A-Z a-z 0-9 _ -)\n");
  EXPECT_EQ(text_error("/say * hi"),
            "ERR bad-argument usage: /say #ROOM TEXT (a room is # and 1 to 32 of A-Z a-z 0-9 _ -)\n");
  EXPECT_EQ(text_error("/msg b\xC3\xB6"
                       "b hi"),
            "ERR bad-argument usage: /msg NAME TEXT (a name is 1 to 32 of A-Z a-z 0-9 _ -)\n");
  EXPECT_EQ(text_error("/register alice short"),
            "ERR bad-argument usage: /register NAME PASSWORD (a password is one word of 8 to 128 bytes)\n");
  EXPECT_EQ(text_error("/register Guest12 correct-horse"),
            "ERR bad-argument usage: /register NAME PASSWORD (the server gives names like guest12 itself)\n");
  EXPECT_EQ(text_error("/register Admin correct-horse"),
            "ERR bad-argument usage: /register NAME PASSWORD (that name is reserved)\n");
  for (const auto* n : {"0", "1001", "-1", "+5", "5x", "1e2", "99999999999999999999", "0x10"})
    EXPECT_EQ(text_error("/history #garden "s + n),
              "ERR bad-argument usage: /history [#ROOM] [N] (N is a number from 1 to 1000)\n")
        << n;
}

TEST(TextParser, ALoginWithAPasswordThatNobodyCanHaveIsAWrongOne) {
  EXPECT_EQ(text_error("/login alice short"), "ERR bad-credentials wrong name or password\n");
  EXPECT_EQ(text_error("/login alice " + std::string(129, 'x')), "ERR bad-credentials wrong name or password\n");
  EXPECT_EQ(text_error("/login alice short word"),
            "ERR bad-argument usage: /login NAME PASSWORD (a password is one word of 8 to 128 bytes)\n");
}

TEST(TextParser, ANulIsNoText) {
  EXPECT_EQ(text_error("a\0b"s), "ERR bad-argument a text may not hold a NUL byte\n");
  EXPECT_EQ(text_error("/b a\0b"s), "ERR bad-argument usage: /broadcast TEXT (a text may not hold a NUL byte)\n");
  EXPECT_EQ(text_error("/ping\0"s), "ERR bad-command no such command; did you mean /ping?\n");
}

TEST(TextParser, InvalidUtf8IsRefusedWhereverItStands) {
  for (const auto* line : {"\xFF", "hello \xC3", "/b \xED\xA0\x80", "/\x80", "/register alice \xC0\x80xxxxxxxx"})
    EXPECT_EQ(text_error(line), "ERR bad-utf8 the line is not UTF-8\n");
}

}  // namespace
}  // namespace rookery::wire
