// Programs that are no rookery-master, put in its place. What a real one says is asserted in tests/system/.
#include "master/upgrade/rehearsal.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>

#include <fstream>

#include "ipc/chat/shared_state.h"
#include "ipc/os/program.h"
#include "master/upgrade/inheritance.h"
#include "tests/support/temporary_directory.h"

namespace rookery::master {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class RehearsalTest : public testing::Test {
 protected:
  std::string script(const std::string& text) {
    const auto path = directory_.path() / ("script" + std::to_string(++scripts_));
    std::ofstream(path) << "#!/bin/sh\n" << text << '\n';
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path.string();
  }

  RehearsalVerdict verdict_on(const std::string& path, bool hurry = false) {
    const auto program = os::open_program(path);
    EXPECT_TRUE(program) << path;
    State state = some_state();
    save(shared_, state);
    Rehearsal rehearsal(program.get(), std::vector<std::string>{"rookery-master", "--port", "1"}, state,
                        os::Monotonic::now());
    if (hurry) rehearsal.on_deadline();
    pollfd end{rehearsal.pidfd(), POLLIN, 0};
    EXPECT_EQ(::poll(&end, 1, 60'000), 1) << "it does not end";
    return rehearsal.on_ended().value_or(RehearsalVerdict{});
  }

  static State some_state() {
    State state;
    state.kept = {.host = "h", .port = 1, .data = "d", .model = 0, .places = 1, .loops = 1, .max_clients = 16};
    return state;
  }

  test::TemporaryDirectory directory_;
  int scripts_ = 0;
  chat::SharedState shared_{1, 1, 16};
};

TEST_F(RehearsalTest, OnlyAYesAndACleanEndAreAYes) {
  const auto yes = verdict_on(script("printf 'yes 9.9\\n' >/proc/self/fd/$3"));
  EXPECT_TRUE(yes.yes) << yes.why;
  EXPECT_EQ(yes.version, "9.9");
}

TEST_F(RehearsalTest, EverythingElseIsANoThatSaysWhy) {
  EXPECT_THAT(verdict_on("/bin/false").why, HasSubstr("exit code 1"));
  EXPECT_THAT(verdict_on("/bin/true").why, HasSubstr("without a word"));
  EXPECT_THAT(verdict_on(script("exit 3")).why, HasSubstr("exit code 3"));
  EXPECT_THAT(verdict_on(script("kill -SEGV $$")).why, HasSubstr("signal 11"));
  EXPECT_THAT(verdict_on(script("echo hello >/proc/self/fd/$3")).why, HasSubstr("without a word"));
  EXPECT_THAT(verdict_on(script("echo no such thing >/proc/self/fd/$3; exit 1")).why, HasSubstr("such thing"));
  EXPECT_THAT(verdict_on(script("printf 'yes 1\\n' >/proc/self/fd/$3; exit 1")).why,
              AllOf(HasSubstr("exit code 1"), HasSubstr("yes")));
}

TEST_F(RehearsalTest, WhoIsSilentIsEnded) {
  EXPECT_THAT(verdict_on(script("exec sleep 100"), true).why, HasSubstr("no end"));
}

TEST_F(RehearsalTest, WhatCannotBeExecutedIsANo) {
  const auto path = directory_.path() / "garbage";
  std::ofstream(path) << "\x7f"
                         "ELF but nothing behind it";
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  EXPECT_THAT(verdict_on(path.string()).why, HasSubstr("cannot be executed"));
}

TEST_F(RehearsalTest, ItGetsRegionsForReadingAndNothingElse) {
  const auto list = directory_.path() / "list";
  // Each open descriptor above standard error, and whether it may be written: that of the shell's script and of ls too.
  static_cast<void>(
      verdict_on(script("for f in /proc/$$/fd/*; do printf '%s %s\\n' \"$(readlink $f)\" \"$(grep flags "
                        "/proc/$$/fdinfo/${f##*/} | tail -c 2)\"; done >" +
                        list.string() + "; exit 1")));
  std::ifstream lines(list);
  int regions = 0;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_EQ(line.find("socket:"), std::string::npos) << line;
    for (const char* region :
         {"memfd:rookery-log", "memfd:rookery-ledger", "memfd:rookery-users", "memfd:rookery-worker"})
      if (line.find(region) != std::string::npos) {
        ++regions;
        EXPECT_TRUE(line.ends_with(" 0")) << "open for writing: " << line;
      }
  }
  EXPECT_EQ(regions, 4);
}

}  // namespace
}  // namespace rookery::master
