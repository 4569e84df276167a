// rookery-ctl top: in a real terminal, and where there is none.
#include <gmock/gmock.h>

#include "tests/support/driven_programs.h"
#include "tests/system/harness/ctl.h"
#include "tests/system/harness/people.h"
#include "tests/system/harness/terminal.h"

namespace rookery::system_test {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(CtlTop, WritesPlainTextWhereThereIsNoTerminal) {
  const TemporaryDirectory data;
  ServerProcess server(data, {"--workers", "2"});
  TextClient alice(server.port());
  static_cast<void>(alice.id());
  const CtlRun run = run_ctl(data, {"top", "-n", "2", "--interval", "0.2"});
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  EXPECT_THAT(run.output, Not(HasSubstr("\033")));
  EXPECT_THAT(run.output, HasSubstr("pid " + std::to_string(server.pid())));
  EXPECT_THAT(run.output, HasSubstr("1 clients, 1 text; 1 connections held\n"));
  EXPECT_THAT(run.output, HasSubstr("\nworker  1 "));
  const std::size_t second = run.output.find("\n\nRookery ");
  ASSERT_NE(second, std::string::npos) << run.output;
  EXPECT_THAT(run.output.substr(second), testing::ContainsRegex("\nledger +- +[0-9]+ serving +- +[0-9.]+ +- +[0-9.]+ "))
      << "the second time it knows rates";
  EXPECT_EQ(run.output.find("\n\nRookery ", second + 1), std::string::npos) << "twice";
}

TEST(CtlTop, SaysThatNobodyAnswers) {
  const TemporaryDirectory data;
  const CtlRun run = run_ctl(data, {"top", "-n", "1"});
  EXPECT_EQ(run.exit_code, 69);
  EXPECT_THAT(run.output, HasSubstr("The server does not answer; waiting for it\n"));
  EXPECT_EQ(run_ctl(data, {"top", "-n", "0"}).exit_code, 64);
  EXPECT_EQ(run_ctl(data, {"--json", "top"}).exit_code, 64);
}

class CtlTopOnScreen : public testing::Test {
 protected:
  void SetUp() override {
    if (!Terminal::is_installed()) GTEST_SKIP() << "tmux is not installed";
    start();
    terminal_ = std::make_unique<Terminal>(80, 24);
    terminal_->type(test::program("rookery-ctl") + " --data " + data_.path().string() + " top --interval 0.2\n");
    expect_shown("posting works");
  }
  void start() {
    server_.reset();
    server_ = std::make_unique<ServerProcess>(data_, std::vector<std::string>{"--workers", "2"});
  }
  void expect_shown(const std::string& text) {
    eventually("the screen shows " + text, [&] { return terminal_->shows(text); });
  }
  // The shell is back, and echoes what is typed: its answer differs from the command.
  void expect_shell_with(const std::string& exit_code) {
    terminal_->type("echo ended-with=$?; stty -a\n");
    expect_shown("ended-with=" + exit_code);
    expect_shown(" icanon ");
    expect_shown(" echo ");
  }

  const TemporaryDirectory data_;
  std::unique_ptr<ServerProcess> server_;
  std::unique_ptr<Terminal> terminal_;
};

TEST_F(CtlTopOnScreen, RefreshesAndObeysKeys) {
  expect_shown("0 clients; 0 connections held");
  TextClient alice(server_->port());
  static_cast<void>(alice.id());
  expect_shown("1 clients, 1 text; 1 connections held");
  expect_shown("every 0.2 s, by process");
  expect_shown("PROC   NO");
  terminal_->type("s");
  expect_shown("by clients");
  terminal_->type("+");
  expect_shown("every 0.4 s");
  terminal_->type("--");
  expect_shown("every 0.1 s");
  terminal_->resize(40, 6);
  eventually("it fits the smaller window",
             [&] { return !terminal_->shows("PROC") && terminal_->shows("posting works"); });
  terminal_->resize(100, 30);
  expect_shown("BEAT_MS");
  terminal_->type("q");
  expect_shell_with("0");
}

TEST_F(CtlTopOnScreen, WaitsForAServerThatIsGone) {
  server_->stop();
  expect_shown("The server does not answer; waiting for it");
  start();
  expect_shown("posting works");
  expect_shown("pid " + std::to_string(server_->pid()));
  terminal_->type("q");
  expect_shell_with("0");
}

TEST_F(CtlTopOnScreen, ASignalLeavesTheTerminalAsItWas) {
  terminal_->type("\x03");
  expect_shell_with("130");
}

}  // namespace
}  // namespace rookery::system_test
