// Every command of the protocol in both dialects, end to end.
#include <gmock/gmock.h>

#include <regex>

#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;
using testing::MatchesRegex;

TEST(Commands, EchoReturnsTheLine) {
  const ServerProcess server({"--workers", "1"});
  TextClient text(server.port());
  EXPECT_EQ(text.ask("hello"), "Echo: hello");
  EXPECT_EQ(text.ask("  spaces  and\ttabs "), "Echo:   spaces  and\ttabs ");
  text.send("with carriage return\r\n");
  EXPECT_EQ(text.read_line(), "Echo: with carriage return");
  JsonClient json(server.port());
  EXPECT_EQ(json.ask({{"op", "echo"}, {"text", "hello\nworld"}})["text"], "hello\nworld");
}

TEST(Commands, TheServerSaysNothingFirst) {
  const ServerProcess server({"--workers", "1"});
  TextClient silent(server.port());
  TextClient busy(server.port());
  for (int i = 0; i < 3; ++i) static_cast<void>(busy.ask("/broadcast anybody there?"));
  EXPECT_FALSE(silent.poll_lines());
  EXPECT_TRUE(silent.lines().empty());
}

TEST(Commands, RegisterLoginLogout) {
  const ServerProcess server;
  TextClient text(server.port());
  EXPECT_EQ(text.ask("/register carol correct-horse"), "OK registered carol");
  EXPECT_THAT(text.ask("/login carol correct-horse"), MatchesRegex("OK logged in as carol, client [0-9]+"));
  const std::uint64_t id = text.id();
  const std::string number = std::to_string(id);
  EXPECT_TRUE(text.ask("/say #lobby as myself").starts_with("OK "));
  text.expect_event("[#lobby] carol(" + number + "): as myself");
  EXPECT_EQ(text.ask("/logout"), "OK logged out");
  EXPECT_TRUE(text.ask("/say #lobby as a guest").starts_with("OK "));
  text.expect_event("[#lobby] guest" + number + "(" + number + "): as a guest");

  JsonClient json(server.port());
  EXPECT_EQ(json.ask({{"op", "register"}, {"name", "dave"}, {"password", kPassword}})["name"], "dave");
  const Json login = json.ask({{"op", "login"}, {"name", "DAVE"}, {"password", kPassword}});
  EXPECT_EQ(login["name"], "dave");
  EXPECT_GE(login["seq"].get<std::uint64_t>(), 2u);
  EXPECT_EQ(json.ask("logout")["ok"], true);
}

TEST(Commands, BroadcastReachesAllWithTheSendersId) {
  const ServerProcess server;
  TextClient alice(server.port());
  TextClient bob(server.port());
  const std::uint64_t id = alice.id();
  bob.sync();
  EXPECT_THAT(alice.ask("/broadcast to all of you"), MatchesRegex("OK [0-9]+"));
  EXPECT_THAT(alice.ask("/b the short way"), MatchesRegex("OK [0-9]+"));
  const std::string from = "[*] guest" + std::to_string(id) + "(" + std::to_string(id) + "): ";
  for (TextClient* each : {&alice, &bob}) {
    each->expect_event(from + "to all of you");
    each->expect_event(from + "the short way");
  }
}

TEST(Commands, MsgReachesEveryConnectionOfAnAccount) {
  const ServerProcess server({"--workers", "3"});
  make_account(server, "erin");
  TextClient first(server.port());
  JsonClient second(server.port());
  TextClient other(server.port());
  first.log_in("erin", kPassword);
  ASSERT_EQ(second.ask({{"op", "login"}, {"name", "erin"}, {"password", kPassword}})["ok"], true);
  const std::uint64_t id = other.id();
  EXPECT_THAT(other.ask("/msg ERIN just for you"), MatchesRegex("OK [0-9]+"));
  const std::string from = "guest" + std::to_string(id);
  first.expect_event("[@] " + from + "(" + std::to_string(id) + "): just for you");
  const Json event = second.expect_event([](const Json& e) { return e.contains("to"); });
  EXPECT_EQ(event["to"], "erin");
  EXPECT_EQ(event["from"]["name"], from);
  EXPECT_EQ(event["text"], "just for you");
  EXPECT_FALSE(event.contains("room"));
  other.sync();
  for (const std::string& line : other.events()) EXPECT_FALSE(line.starts_with("[@]")) << line;
}

TEST(Commands, MsgReachesAGuest) {
  const ServerProcess server({"--workers", "2"});
  JsonClient guest(server.port());
  JsonClient sender(server.port());
  const std::string name = "guest" + std::to_string(id_of(guest));
  EXPECT_EQ(sender.ask({{"op", "msg"}, {"to", name}, {"text", "psst"}})["ok"], true);
  EXPECT_EQ(guest.expect_event([](const Json& e) { return e.contains("to"); })["to"], name);
  // It has this one name, in whatever case it is typed.
  EXPECT_EQ(sender.ask({{"op", "msg"}, {"to", "guest0" + name.substr(5)}, {"text", "psst"}})["error"], "no-such-name");
  EXPECT_EQ(sender.ask({{"op", "msg"}, {"to", "GUEST" + name.substr(5)}, {"text", "PSST"}})["ok"], true);
  EXPECT_EQ(guest.expect_event([](const Json& e) { return e.value("text", "") == "PSST"; })["to"], name);
}

TEST(Commands, AMessageToOneselfComesOnceOnEachConnection) {
  const ServerProcess server;
  make_account(server, "frank");
  TextClient frank(server.port());
  const auto id = std::to_string(frank.log_in("frank", kPassword));
  EXPECT_THAT(frank.ask("/msg frank note to self"), MatchesRegex("OK [0-9]+"));
  frank.sync();
  frank.sync();
  EXPECT_THAT(frank.events(), testing::ElementsAre("[@] frank(" + id + "): note to self"));
}

TEST(Commands, CountCountsOnThePool) {
  const ServerProcess server({"--workers", "1"});
  TextClient text(server.port());
  EXPECT_THAT(text.ask("/count the cat sat on it"),
              MatchesRegex("OK words=5 characters=17 vowels=5 odd-words=3 ms=[0-9.]+"));
  JsonClient json(server.port());
  const Json reply = json.ask({{"op", "count"}, {"text", "one two four"}});
  EXPECT_EQ(reply["words"], 3);
  EXPECT_EQ(reply["characters"], 12);
  EXPECT_EQ(reply["vowels"], 5);
  EXPECT_EQ(reply["odd_words"], 2);
  EXPECT_TRUE(reply["ms"].is_number());
}

TEST(Commands, HelpNamesEveryCommand) {
  const ServerProcess server({"--workers", "1"});
  TextClient text(server.port());
  std::string help;
  for (const std::string& line : text.ask_lines("/help")) help += line + "\n";
  for (const char* command : {"register", "login", "logout", "broadcast", "say", "msg", "join", "leave", "rooms",
                              "presence", "list", "history", "count", "ping", "help", "quit"})
    EXPECT_NE(help.find("/" + std::string(command)), std::string::npos) << command;
}

TEST(Commands, PingAndQuit) {
  const ServerProcess server({"--workers", "1"});
  TextClient text(server.port());
  EXPECT_EQ(text.ask("/ping"), "OK pong");
  EXPECT_EQ(text.ask("/quit"), "OK bye");
  text.read_to_end();
  text.close();
  JsonClient json(server.port());
  EXPECT_EQ(json.ask("ping")["ok"], true);
  EXPECT_EQ(json.ask("quit")["ok"], true);
  json.read_to_end();
  json.close();
  eventually("both are gone", [&] { return server.client_count() == 0; });
}

}  // namespace
}  // namespace rookery::system_test
