#include "ipc/os/program.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "ipc/os/pipe.h"
#include "ipc/os/process.h"
#include "tests/support/temporary_directory.h"

namespace rookery::os {
namespace {

using ::testing::Contains;
using ::testing::Not;

// What `command` prints when a shell that was executed by its descriptor runs it.
std::string output_of(const std::string& command, const std::vector<std::string>& environment, int kept = -1) {
  Pipe pipe = make_pipe();
  const FileDescriptor shell = open_program("/bin/sh");
  EXPECT_TRUE(shell);
  Process process = Process::spawn([&] {
    ::dup2(pipe.write_end.get(), STDOUT_FILENO);
    if (kept >= 0) keep_open_on_exec(kept, true);
    return execute(shell.get(), {"a-name", "-c", command}, environment);
  });
  pollfd end{process.pidfd(), POLLIN, 0};
  EXPECT_EQ(::poll(&end, 1, 60'000), 1);
  EXPECT_TRUE(process.try_wait()->clean());
  std::array<char, 4096> text{};
  const auto bytes = ::read(pipe.read_end.get(), text.data(), text.size());
  return {text.data(), bytes > 0 ? static_cast<std::size_t>(bytes) : 0};
}

TEST(ProgramTest, GetsItsArgumentsAndEnvironment) {
  EXPECT_EQ(output_of("echo $0 $COLOUR", {"COLOUR=green"}), "a-name green\n");
}

TEST(ProgramTest, OnlyWhatWasToldToStayIsOpen) {
  const FileDescriptor kept(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const FileDescriptor other(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const auto is_open = [](int descriptor) {
    return "if [ -e /proc/self/fd/" + std::to_string(descriptor) + " ]; then echo open; else echo closed; fi";
  };
  EXPECT_EQ(output_of(is_open(kept.get()), {}, kept.get()), "open\n");
  EXPECT_EQ(output_of(is_open(other.get()), {}, kept.get()), "closed\n");
  EXPECT_FALSE(keep_open_on_exec(-1, true));
}

TEST(ProgramTest, WhatCannotBeExecutedIsNotOpened) {
  EXPECT_FALSE(open_program("/no/such/file"));
  EXPECT_FALSE(open_program("/etc"));
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "text";
  std::ofstream(file) << "hello";
  EXPECT_FALSE(open_program(file.string()));
  EXPECT_EQ(errno, EACCES);
}

TEST(ProgramTest, AFailedExecutionReturnsItsReason) {
  const FileDescriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(execute(nothing.get(), {"x"}, {}), EACCES);
}

TEST(ProgramTest, AVariableIsSetOrReplaced) {
  ::setenv("ROOKERY_TEST_A", "1", 1);
  ::setenv("ROOKERY_TEST_AB", "2", 1);
  const auto with = environment_with("ROOKERY_TEST_A", "3");
  EXPECT_THAT(with, Contains("ROOKERY_TEST_A=3"));
  EXPECT_THAT(with, Not(Contains("ROOKERY_TEST_A=1")));
  EXPECT_THAT(with, Contains("ROOKERY_TEST_AB=2"));
  EXPECT_THAT(environment(), Contains("ROOKERY_TEST_A=1"));
}

}  // namespace
}  // namespace rookery::os
