#include "ipc/os/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <stdexcept>

#include "ipc/os/errors.h"
#include "ipc/os/pipe.h"
#include "tests/ipc/os/waiting.h"

namespace rookery::os {
namespace {

ExitStatus end_of(Process& child) {
  const auto status = testing::end_in_time(child);
  EXPECT_TRUE(status) << "the child did not end in time";
  return status.value_or(ExitStatus{true, -1});
}

bool readable_now(int descriptor) {
  pollfd entry{descriptor, POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

bool is_open(int descriptor) {
  return ::fcntl(descriptor, F_GETFD) != -1;
}

TEST(ProcessTest, ExitCodeIsWhatTheBodyReturns) {
  for (const int code : {0, 3, 255}) {
    Process child = Process::spawn([code] { return code; });
    const ExitStatus status = end_of(child);
    EXPECT_FALSE(status.signalled);
    EXPECT_EQ(status.value, code);
    EXPECT_EQ(status.clean(), code == 0);
    EXPECT_EQ(status.describe(), "exit code " + std::to_string(code));
  }
}

TEST(ProcessTest, AnExceptionThatLeavesTheBodyIsExitCode70) {
  Process child = Process::spawn([]() -> int { throw std::runtime_error("an expected line: nothing is wrong"); });
  const ExitStatus status = end_of(child);
  EXPECT_FALSE(status.signalled);
  EXPECT_EQ(status.value, 70);
}

TEST(ProcessTest, TellsTheSignalThatEndedIt) {
  Process child = Process::spawn([] {
    ::pause();
    return 0;
  });
  EXPECT_GT(child.pid(), 0);
  EXPECT_FALSE(readable_now(child.pidfd()));
  EXPECT_FALSE(child.try_wait()) << "it still runs";
  EXPECT_TRUE(child.signal(SIGKILL));
  const ExitStatus status = end_of(child);
  EXPECT_TRUE(status.signalled);
  EXPECT_EQ(status.value, SIGKILL);
  EXPECT_FALSE(status.clean());
  EXPECT_EQ(status.describe(), "signal 9 (Killed)");
}

TEST(ProcessTest, APidfdIsReadableFromTheEndUntilItIsReaped) {
  Process child = Process::spawn([] { return 5; });
  ASSERT_TRUE(testing::readable_in_time(child.pidfd()));
  EXPECT_TRUE(child.signal(0)) << "ended but not reaped: there is something to signal, and it feels nothing";
  const auto status = child.try_wait();
  ASSERT_TRUE(status);
  EXPECT_EQ(status->value, 5);
  EXPECT_FALSE(child) << "reaped: holds no process any more";
  EXPECT_FALSE(child.try_wait());
  EXPECT_FALSE(child.signal(SIGTERM));
}

TEST(ProcessTest, AnObjectWithoutAProcessAnswersForNone) {
  Process none;
  EXPECT_FALSE(none);
  EXPECT_FALSE(none.signal(SIGTERM));
  EXPECT_FALSE(none.try_wait());
}

TEST(ProcessTest, ABrokenInvariantAborts) {
  Process child = Process::spawn([] {
    ::close(STDERR_FILENO);
    ::signal(SIGABRT, SIG_DFL);
    ROOKERY_INVARIANT(1 + 1 == 3);
    return 0;
  });
  const ExitStatus status = end_of(child);
  EXPECT_TRUE(status.signalled);
  EXPECT_EQ(status.value, SIGABRT);
}

// This process makes a middle one, that makes the one that is tied; then the middle one is killed.
TEST(TieToParentTest, TheChildDiesWithItsParent) {
  Pipe alive = make_pipe();  // end of file: nobody holds the write end any more
  Process middle = Process::spawn([&alive] {
    const pid_t own = ::getpid();
    Process tied = Process::spawn([&alive, own] {
      if (!tie_to_parent(own)) return 1;
      if (::write(alive.write_end.get(), "r", 1) != 1) return 2;
      ::alarm(120);  // should the tie not hold, it still goes away some time
      for (;;) ::pause();
    });
    for (;;) ::pause();
    return 0;
  });
  alive.write_end.reset();
  char byte = 0;
  ASSERT_TRUE(testing::readable_in_time(alive.read_end.get()));
  ASSERT_EQ(::read(alive.read_end.get(), &byte, 1), 1);
  EXPECT_EQ(::read(alive.read_end.get(), &byte, 1), -1) << "both live";
  ASSERT_TRUE(testing::killed_in_time(middle));
  ASSERT_TRUE(testing::readable_in_time(alive.read_end.get())) << "the child outlived its parent";
  EXPECT_EQ(::read(alive.read_end.get(), &byte, 1), 0);
}

TEST(TieToParentTest, TellsAParentThatHasGoneAlreadyAndGivesUpPrivileges) {
  Process child = Process::spawn([parent = ::getpid()] {
    if (tie_to_parent(parent + 1)) return 1;
    if (!tie_to_parent(parent)) return 2;
    return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 3;
  });
  EXPECT_EQ(end_of(child).describe(), "exit code 0");
}

TEST(CloseAllButTest, KeepsTheListAndTheStandardStreams) {
  Pipe first = make_pipe();
  Pipe second = make_pipe();
  Process child = Process::spawn([&first, &second] {
    // Unsorted, twice the same, one that is closed, one that stays anyway: all of it is allowed.
    close_all_but({second.write_end.get(), -1, first.read_end.get(), STDERR_FILENO, second.write_end.get()});
    if (!is_open(first.read_end.get()) || !is_open(second.write_end.get())) return 1;
    if (is_open(first.write_end.get()) || is_open(second.read_end.get())) return 2;
    return is_open(STDERR_FILENO) ? 0 : 3;
  });
  EXPECT_EQ(end_of(child).describe(), "exit code 0");
}

TEST(ProcessTest, Row61_ANumberThatWasGivenAgainIsNotSignalled) {
  Process ours = Process::spawn([] { return 0; });
  const pid_t number = ours.pid();
  // As if somebody else had reaped it, and the number were free: the worst that could happen.
  ASSERT_EQ(::waitpid(number, nullptr, 0), number);
  std::ofstream("/proc/sys/kernel/ns_last_pid") << number - 1;
  const pid_t foreign = ::fork();
  if (foreign == 0)
    for (;;) ::pause();
  const bool given_again = foreign == number;
  EXPECT_FALSE(ours.signal(SIGKILL));
  EXPECT_EQ(::kill(foreign, 0), 0);
  ::kill(foreign, SIGKILL);
  ::waitpid(foreign, nullptr, 0);
  if (!given_again) GTEST_SKIP() << "not allowed to choose a process number here";
}

}  // namespace
}  // namespace rookery::os
