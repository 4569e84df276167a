// rookery-client at a terminal, which is the test's end of a pseudo-terminal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "tests/client/child_process.h"
#include "tests/client/scripted_server.h"
#include "tests/client/surroundings.h"
#include "tests/support/driven_programs.h"

namespace rookery::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class TerminalModeTest : public ::testing::Test {
 protected:
  void start() {
    client_ = std::make_unique<ChildProcess>(
        ChildProcess::Stdio::Terminal, std::vector<std::string>{test::program("rookery-client"), server_->address()},
        std::vector<std::string>{"TZ=UTC", "TERM=xterm", "NO_COLOR=1", "HOME=" + state_.path().string(),
                                 "XDG_STATE_HOME=" + state_.path().string()});
    server_->accept();
    server_->greet();
    client_->read_until("#lobby> ");
  }
  std::string history() const {
    std::ostringstream text;
    text << std::ifstream(state_.path() / "rookery" / "client_history").rdbuf();
    return text.str();
  }
  void leave() {
    client_->write("/quit\r");
    server_->farewell();
    EXPECT_EQ(client_->wait(), 0);
  }
  TemporaryDirectory state_;
  std::unique_ptr<ScriptedServer> server_ = std::make_unique<ScriptedServer>();
  std::unique_ptr<ChildProcess> client_;
};

TEST_F(TerminalModeTest, AnEventDoesNotTearTheLineBeingTyped) {
  start();
  client_->write("half a li");
  client_->read_until("li");
  server_->message(1, "#lobby", "al", "interrupting");
  // The line goes, the event comes, the line comes back whole below it.
  EXPECT_THAT(client_->read_until("al(12): interrupting"), HasSubstr("\r\033[J"));
  EXPECT_THAT(client_->read_until("half a li"), HasSubstr("#lobby> "));
  client_->write("ne\r");
  EXPECT_EQ(server_->answer("say", {{"seq", 2}})["text"], "half a line");
  leave();
}

TEST_F(TerminalModeTest, APasswordIsAskedForAndNeverSeen) {
  start();
  client_->write("/login bob\r");
  client_->read_until("Password for bob: ");
  client_->write("secret-pass\n");
  EXPECT_EQ(server_->answer("login", {{"name", "bob"}, {"client", 3}})["password"], "secret-pass");
  client_->read_until("OK logged in as bob, client 3");
  client_->read_until("bob #lobby> ");
  client_->write("/login eve other-secret\r");
  server_->refuse("login", "already-logged-in");
  client_->read_until("ERR already-logged-in");
  client_->write("\033[A");  // up: the line before the one with the password
  client_->read_until("/login bob");
  client_->write("\003");
  client_->read_until("#lobby> ");
  leave();
  EXPECT_THAT(client_->output(), Not(HasSubstr("secret-pass")));
  EXPECT_EQ(history(), "/login bob\n/quit\n");
}

TEST_F(TerminalModeTest, ReconnectsAndRefusesWhatIsTypedMeanwhile) {
  start();
  client_->write("/join #dev\r");
  server_->answer("join", {{"room", "#dev"}, {"members", 1}});
  client_->read_until("#dev> ");
  const int port = server_->port();
  server_.reset();
  client_->read_until("connection lost");
  client_->read_until("(offline) #dev> ");
  client_->write("into the void\r");
  client_->read_until("not sent: into the void");
  server_ = std::make_unique<ScriptedServer>(port);
  server_->accept();
  EXPECT_EQ(server_->answer("join", {{"room", "#dev"}, {"members", 1}})["room"], "#dev");
  server_->greet();
  client_->read_until("connected again");
  client_->write("back\r");
  EXPECT_EQ(server_->answer("say", {{"seq", 9}})["room"], "#dev");
  leave();
}

TEST_F(TerminalModeTest, WhomTheOperatorHasDisconnectedDoesNotComeBack) {
  start();
  server_->event({{"event", "notice"}, {"text", "you were disconnected by the operator"}, {"final", true}});
  client_->read_until("disconnected by the operator");
  server_->hang_up();
  client_->read_until("start the client again");
  EXPECT_EQ(client_->wait(), 1);
}

TEST_F(TerminalModeTest, WhoIsBannedWhenItComesBackStopsTrying) {
  start();
  server_->hang_up();
  server_->accept();
  server_->send("ERR banned you are banned by the operator of this server\n");
  server_->hang_up();
  client_->read_until("start the client again");
  EXPECT_EQ(client_->wait(), 1);
}

TEST_F(TerminalModeTest, ShowsWhatWasSaidWhileItWasAway) {
  start();
  client_->write("/join #dev\r");
  server_->answer("join", {{"room", "#dev"}, {"members", 1}});
  server_->message(7, "#dev", "al", "seen");
  client_->read_until("al(12): seen");
  const int port = server_->port();
  server_.reset();
  client_->read_until("connection lost");
  server_ = std::make_unique<ScriptedServer>(port);
  server_->accept();
  server_->answer("join", {{"room", "#dev"}, {"members", 2}});
  server_->message(10, "#dev", "al", "live");
  EXPECT_EQ(server_->answer("resume", {{"recovered", true}, {"missed", 2}})["seq"], 7);
  server_->message(8, "#dev", "al", "missed one");
  server_->message(9, "#lobby", "al", "missed two");
  server_->greet();
  client_->read_until("2 messages while you were away");
  client_->read_until("[#dev] al(12): missed one");
  client_->read_until("[#lobby] al(12): missed two");
  client_->read_until("[#dev] al(12): live");
  leave();
}

TEST_F(TerminalModeTest, TheArrowKeyBringsBackLinesOfEarlierRuns) {
  start();
  client_->write("remember me\r");
  server_->answer("say", {{"seq", 1}});
  leave();
  start();
  client_->write("\033[A\033[A");
  client_->read_until("remember me");
  client_->write("\r");
  EXPECT_EQ(server_->answer("say", {{"seq", 2}})["text"], "remember me");
  client_->write("\004");  // end of input
  server_->farewell();
  EXPECT_EQ(client_->wait(), 0);
}

TEST_F(TerminalModeTest, WhatComesFromTheNetworkCannotDriveTheTerminal) {
  start();
  server_->message(1, "#lobby", "al", "\033]0;owned\a\033[2J");
  client_->read_until("␛]0;owned␇␛[2J");
  leave();
}

}  // namespace
}  // namespace rookery::client
