// Each error that a client can provoke: the code, in both dialects, and that the connection goes on after it.
#include <gmock/gmock.h>

#include "tests/system/harness/people.h"

namespace rookery::system_test {
namespace {

using Json = JsonClient::Json;

std::string code_of(const std::string& reply) {
  if (!reply.starts_with("ERR ")) return reply;
  const std::string rest = reply.substr(4);
  EXPECT_NE(rest.find(' '), std::string::npos) << "no words for people: " << reply;
  return rest.substr(0, rest.find(' '));
}

std::string code_of(const Json& reply) {
  if (reply.at("ok") != false) return reply.dump();
  EXPECT_TRUE(reply.at("message").is_string());
  return reply.at("error").get<std::string>();
}

TEST(Errors, OfAccounts) {
  const ServerProcess server;
  make_account(server, "alice");
  TextClient text(server.port());
  JsonClient json(server.port());
  EXPECT_EQ(code_of(text.ask("/register Alice another-password")), "name-taken");
  EXPECT_EQ(code_of(text.ask("/register guest12 correct-horse")), "bad-argument") << "what guests are called";
  for (const char* reserved : {"guest", "Admin", "ROOT", "system", "server", "guest-1", "-h"}) {
    EXPECT_EQ(code_of(text.ask(std::string("/register ") + reserved + " correct-horse")), "bad-argument") << reserved;
    EXPECT_EQ(code_of(json.ask({{"op", "register"}, {"name", reserved}, {"password", kPassword}})), "bad-argument");
  }
  EXPECT_EQ(code_of(text.ask("/register al!ce correct-horse")), "bad-argument");
  EXPECT_EQ(code_of(text.ask("/register " + std::string(33, 'a') + " correct-horse")), "bad-argument");
  EXPECT_EQ(code_of(text.ask("/register shorty 1234567")), "bad-argument");
  EXPECT_EQ(code_of(text.ask("/login alice wrong-password")), "bad-credentials");
  EXPECT_EQ(code_of(text.ask("/login nobody correct-horse")), "bad-credentials");
  EXPECT_EQ(code_of(text.ask("/logout")), "not-logged-in");
  text.log_in("alice", kPassword);
  EXPECT_EQ(code_of(text.ask("/login alice correct-horse")), "already-logged-in");

  EXPECT_EQ(code_of(json.ask({{"op", "login"}, {"name", "alice"}, {"password", "wrong-password"}})), "bad-credentials");
  EXPECT_EQ(code_of(json.ask("logout")), "not-logged-in");
  EXPECT_EQ(code_of(json.ask({{"op", "login"}, {"name", "alice"}})), "bad-argument");
}

TEST(Errors, WhereGuestsMayNotSpeak) {
  const ServerProcess server({"--allow-guests", "no"});
  make_account(server, "alice");
  TextClient guest(server.port());
  TextClient alice(server.port());
  alice.log_in("alice", kPassword);
  for (const char* line : {"/say #lobby hi", "/broadcast hi", "/msg alice hi", "/join #den", "/history #lobby"})
    EXPECT_EQ(code_of(guest.ask(line)), "not-logged-in") << line;
  EXPECT_EQ(guest.ask("echo is for all"), "Echo: echo is for all");
  EXPECT_EQ(guest.ask("/ping"), "OK pong");
  static_cast<void>(alice.ask("/broadcast for members"));
  alice.sync();
  guest.sync();
  EXPECT_EQ(alice.events().size(), 1u);
  EXPECT_TRUE(guest.events().empty()) << "guests hear nothing here";
  guest.log_in("alice", kPassword);
  EXPECT_TRUE(guest.ask("/say #lobby now I may").starts_with("OK "));
}

TEST(Errors, OfNamesAndRooms) {
  const ServerProcess server;
  TextClient text(server.port());
  JsonClient json(server.port());
  EXPECT_EQ(code_of(text.ask("/msg nobody hi")), "no-such-name");
  EXPECT_EQ(code_of(text.ask("/msg guest999999 hi")), "no-such-name");
  EXPECT_EQ(code_of(text.ask("/say #nowhere hi")), "no-such-room");
  EXPECT_EQ(code_of(text.ask("/leave #nowhere")), "no-such-room");
  EXPECT_EQ(code_of(text.ask("/history #nowhere")), "no-such-room");
  EXPECT_EQ(json.ask({{"op", "join"}, {"room", "#den"}})["ok"], true);
  EXPECT_EQ(code_of(text.ask("/say #den hi")), "not-in-room");
  EXPECT_EQ(code_of(text.ask("/leave #den")), "not-in-room");
  EXPECT_EQ(code_of(json.ask({{"op", "say"}, {"room", "#other"}, {"text", "hi"}})), "no-such-room");
  EXPECT_EQ(code_of(json.ask({{"op", "msg"}, {"to", "nobody"}, {"text", "hi"}})), "no-such-name");
}

TEST(Errors, OfCommandsAndArguments) {
  const ServerProcess server({"--workers", "1"});
  TextClient text(server.port());
  EXPECT_EQ(code_of(text.ask("/frobnicate")), "bad-command");
  EXPECT_NE(text.ask("/brodcast hi").find("broadcast"), std::string::npos) << "the nearest one is named";
  for (const char* line : {"/say", "/say #lobby", "/say lobby hi", "/join", "/join den", "/join #", "/msg", "/msg bob",
                           "/broadcast", "/login alice", "/register alice", "/presence", "/presence maybe", "/count",
                           "/history #lobby none", "/history #lobby 0"})
    EXPECT_EQ(code_of(text.ask(line)), "bad-argument") << line;
  EXPECT_EQ(text.ask("/ping"), "OK pong");

  JsonClient json(server.port());
  EXPECT_EQ(code_of(json.ask("frobnicate")), "bad-command");
  EXPECT_EQ(code_of(json.ask({{"op", "say"}, {"room", 7}, {"text", "hi"}})), "bad-argument");
  for (const char* line : {"{", "{\"op\":}", "[1]", "{\"op\":\"ping\"} more", "nonsense"}) {
    json.send_line(line);
    const Json reply = Json::parse(json.read_line());
    EXPECT_EQ(reply["ok"], false) << line;
  }
  EXPECT_EQ(json.ask("ping")["ok"], true);
}

TEST(Errors, OfEncodingAndLength) {
  const ServerProcess server({"--workers", "1"});
  TextClient text(server.port());
  EXPECT_EQ(code_of(text.ask("caf\xe9")), "bad-utf8");
  EXPECT_EQ(code_of(text.ask("/say #lobby \xc0\xaf")), "bad-utf8");
  EXPECT_EQ(text.ask("café"), "Echo: café");
  EXPECT_EQ(code_of(text.ask(std::string(8193, 'x'))), "line-too-long");
  EXPECT_EQ(text.ask("and on"), "Echo: and on");
  text.sync();
  EXPECT_TRUE(text.events().empty());

  JsonClient json(server.port());
  json.sync();
  json.send_line("{\"op\":\"echo\",\"text\":\"\xff\"}");
  EXPECT_EQ(code_of(Json::parse(json.read_line())), "bad-utf8");
  json.send_line(std::string(20000, 'x'));
  EXPECT_EQ(code_of(Json::parse(json.read_line())), "line-too-long");
  EXPECT_EQ(json.ask("ping")["ok"], true);
}

// One that is answered later, by the pool, is carried out with the rest of the long one before it.
TEST(Errors, ALongLineTakesNoOtherWithIt) {
  const ServerProcess server;
  TextClient text(server.port());
  text.send(std::string(9000, 'x') + "\n/count a\nhello\n");
  EXPECT_EQ(code_of(text.read_line()), "line-too-long");
  EXPECT_TRUE(text.read_line().starts_with("OK words=1 "));
  EXPECT_EQ(text.read_line(), "Echo: hello");
}

TEST(Errors, ServerFull) {
  const ServerProcess server({"--workers", "2", "--max-clients", "3"});
  std::vector<std::unique_ptr<TextClient>> seated;
  for (int i = 0; i < 3; ++i) {
    seated.push_back(std::make_unique<TextClient>(server.port()));
    seated.back()->sync();
  }
  TextClient fourth(server.port());
  EXPECT_EQ(code_of(fourth.read_line()), "server-full");
  fourth.read_to_end();
  EXPECT_EQ(seated[0]->ask("still here"), "Echo: still here");
  seated[1]->close();
  eventually("a place is free", [&] { return server.client_count() == 2; });
  TextClient fifth(server.port());
  EXPECT_EQ(fifth.ask("/ping"), "OK pong");
}

}  // namespace
}  // namespace rookery::system_test
