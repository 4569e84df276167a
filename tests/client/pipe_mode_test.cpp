// rookery-client with its standard input in a pipe.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "tests/client/child_process.h"
#include "tests/client/scripted_server.h"
#include "tests/support/driven_programs.h"

namespace rookery::client {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class PipeModeTest : public ::testing::Test {
 protected:
  void start(std::string_view input) {
    client_ = std::make_unique<ChildProcess>(
        ChildProcess::Stdio::Pipes, std::vector<std::string>{test::program("rookery-client"), server_.address()},
        std::vector<std::string>{"TZ=UTC"});
    client_->write(input);
    client_->close_input();
    server_.accept();
  }
  ScriptedServer server_;
  std::unique_ptr<ChildProcess> client_;
};

TEST_F(PipeModeTest, CarriesOutItsLinesInOrder) {
  start("/register bob secret-pass\n/login bob secret-pass\nhello\nquit\nnot read\n");
  server_.greet();
  server_.answer("register", {{"name", "bob"}});
  server_.answer("login", {{"name", "bob"}, {"client", 12}, {"epoch", "e1"}, {"seq", 41}});
  EXPECT_EQ(server_.answer("say", {{"seq", 42}})["text"], "hello");
  const nlohmann::json barrier = server_.request("ping");
  server_.message(42, "#lobby", "bob", "hello");
  server_.event({{"re", "ping"}, {"id", barrier["id"]}, {"ok", true}});
  server_.answer("quit");
  EXPECT_EQ(client_->wait(), 0);
  EXPECT_THAT(client_->output(), MatchesRegex("OK registered bob\nOK logged in as bob, client 12\nOK 42\n"
                                              "(....-..-.. )?10:00 \\[#lobby\\] bob\\(12\\): hello\nOK bye\n"));
  EXPECT_EQ(client_->errors(), "");
}

TEST_F(PipeModeTest, WaitsForEachReplyBeforeTheNextRequest) {
  start("one\ntwo\n");
  server_.greet();
  const nlohmann::json first = server_.request("say");
  // Were the second request sent without waiting, it would be read here in place of the hold's end.
  server_.message(1, "#lobby", "al", "meanwhile");
  client_->read_until("meanwhile");
  server_.event({{"re", "say"}, {"id", first["id"]}, {"ok", true}, {"seq", 2}});
  client_->read_until("OK 2\n");
  EXPECT_EQ(server_.answer("say", {{"seq", 3}})["text"], "two");
  server_.farewell();
  EXPECT_EQ(client_->wait(), 0);
}

TEST_F(PipeModeTest, ARefusalIsAProblemAndTheRestGoesOn) {
  start("/login bob wrong-pass\n/nonsense\n/login bob\nhi");
  server_.greet();
  server_.refuse("login", "bad-credentials");
  server_.answer("say", {{"seq", 7}});
  server_.farewell();
  EXPECT_EQ(client_->wait(), 1);
  EXPECT_EQ(client_->output(), "OK 7\nOK bye\n");
  EXPECT_THAT(client_->errors(), MatchesRegex("ERR bad-credentials .*\nERR bad-command .*\nERR bad-argument .*\n"));
}

TEST_F(PipeModeTest, ALineTooLongForTheServerIsRefusedHere) {
  start(std::string(20000, 'x') + "\nshort\n");
  server_.greet();
  EXPECT_EQ(server_.answer("say", {{"seq", 7}})["text"], "short");
  server_.farewell();
  EXPECT_EQ(client_->wait(), 1);
  EXPECT_THAT(client_->errors(), HasSubstr("ERR line-too-long"));
}

TEST_F(PipeModeTest, ALostConnectionIsTheEnd) {
  start("hello\n");
  server_.greet();
  (void)server_.request("say");
  server_.hang_up();
  EXPECT_EQ(client_->wait(), 69);
  EXPECT_THAT(client_->errors(), HasSubstr("hello"));
  EXPECT_THAT(client_->errors(), HasSubstr("lost the connection to " + server_.address()));
}

TEST_F(PipeModeTest, ShowsWhyAServerTurnsItAway) {
  start("hello\n");
  server_.send("ERR server-full come back later\n");
  server_.hang_up();
  EXPECT_EQ(client_->wait(), 69);
  EXPECT_THAT(client_->errors(), HasSubstr("ERR server-full come back later"));
}

TEST(ClientProgram, TellsWhereNobodyListens) {
  int port = 0;
  {
    const ScriptedServer gone;
    port = gone.port();
  }
  const std::string address = "127.0.0.1:" + std::to_string(port);
  ChildProcess client(ChildProcess::Stdio::Pipes, {test::program("rookery-client"), address}, {});
  EXPECT_EQ(client.wait(), 69);
  EXPECT_THAT(client.errors(), HasSubstr("cannot connect to " + address + ": Connection refused"));
}

TEST(ClientProgram, TakesTheServerFromTheEnvironment) {
  ScriptedServer server;
  ChildProcess client(ChildProcess::Stdio::Pipes, {test::program("rookery-client")},
                      {"ROOKERY_HOST=127.0.0.1", "ROOKERY_PORT=" + std::to_string(server.port())});
  client.close_input();
  server.accept();
  server.greet();
  server.farewell();
  EXPECT_EQ(client.wait(), 0);
}

TEST(ClientProgram, UsageErrorsAre64) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--nonsense"}, {"host:port"}, {"a", "b"}, {"--name", "bob"}}) {
    std::vector<std::string> command{test::program("rookery-client")};
    command.insert(command.end(), arguments.begin(), arguments.end());
    ChildProcess client(ChildProcess::Stdio::Pipes, command, {});
    EXPECT_EQ(client.wait(), 64) << arguments[0];
  }
}

}  // namespace
}  // namespace rookery::client
