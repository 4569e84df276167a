#include "tests/system/harness/child_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

constexpr std::size_t kPidRoom = 10;
constexpr std::size_t kMostPassed = 4;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// What programs need to run at all and what sanitizers are told; nothing that is an option of the server.
std::vector<std::string> plain_environment() {
  std::vector<std::string> result;
  for (const char* name : {"PATH", "HOME", "LANG", "TMPDIR", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"})
    if (const char* value = std::getenv(name)) result.push_back(std::string(name) + "=" + value);
  return result;
}

constexpr std::string_view kOwnPid = "$$";

// In the child, which may not allocate: the entries have room.
void fill_in_own_pid(const std::vector<char*>& environment) noexcept {
  for (char* entry : environment) {
    const std::size_t length = entry == nullptr ? 0 : std::strlen(entry);
    if (!std::string_view(entry == nullptr ? "" : entry, length).ends_with(kOwnPid)) continue;
    char* const digits = entry + length - kOwnPid.size();
    *std::to_chars(digits, digits + kPidRoom, ::getpid()).ptr = '\0';
  }
}

// First out of each other's way.
bool pass(std::array<int, kMostPassed>& descriptors, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) descriptors[i] = ::fcntl(descriptors[i], F_DUPFD_CLOEXEC, 100);
  for (std::size_t i = 0; i < count; ++i)
    if (::dup2(descriptors[i], STDERR_FILENO + 1 + static_cast<int>(i)) < 0) return false;
  return true;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words) result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

ChildProgram::ChildProgram(const ProgramSetup& setup) : directory_(setup.directory) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  std::array<int, 2> input{};
  if (::pipe2(input.data(), O_CLOEXEC) != 0) fail("pipe");
  const int out = ::open((directory_ / "out").c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  const int err = ::open((directory_ / "err").c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (out < 0 || err < 0) fail("open " + directory_.string());

  // Made before the fork: the child of a process with threads may not allocate.
  std::vector<std::string> words = setup.command;
  std::vector<std::string> entries = plain_environment();
  entries.insert(entries.end(), setup.environment.begin(), setup.environment.end());
  for (std::string& entry : entries) entry.append(entry.ends_with(kOwnPid) ? kPidRoom : 0, '\0');
  const std::vector<char*> arguments = pointers(words);
  const std::vector<char*> environment = pointers(entries);
  const char* directory = directory_.c_str();
  std::array<int, kMostPassed> passed{};
  std::ranges::copy_n(setup.passed.begin(), static_cast<std::ptrdiff_t>(std::min(setup.passed.size(), kMostPassed)),
                      passed.begin());

  pid_ = ::fork();
  if (pid_ == 0) {
    ::setpgid(0, 0);
    if (setup.adopts_orphans) ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    ::dup2(input[0], STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(err, STDERR_FILENO);
    if (setup.descriptor_limit) {
      const rlimit limit{*setup.descriptor_limit, *setup.descriptor_limit};
      if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) ::_exit(126);
    }
    if (::chdir(directory) != 0 || !pass(passed, std::min(setup.passed.size(), kMostPassed))) ::_exit(126);
    fill_in_own_pid(environment);
    ::execve(arguments[0], arguments.data(), environment.data());
    ::_exit(127);
  }
  const int error = errno;
  for (const int descriptor : {input[0], out, err}) ::close(descriptor);
  input_ = input[1];
  if (pid_ < 0) {
    ::close(input_);
    errno = error;
    fail("fork");
  }
  ::setpgid(pid_, pid_);  // whoever comes first
  pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
}

ChildProgram::~ChildProgram() {
  close_input();
  if (!exit_code_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(pidfd_);
  // Its group is ours as long as anybody is left in it.
  for (const Process& left : processes_in_group(pid_)) {
    ::kill(left.pid, SIGKILL);
    if (left.parent == ::getpid()) ::waitpid(left.pid, nullptr, 0);
  }
}

void ChildProgram::signal(int number) const {
  if (::syscall(SYS_pidfd_send_signal, pidfd_, number, nullptr, 0) != 0) fail("pidfd_send_signal");
}

void ChildProgram::write_input(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::write(input_, bytes.data(), bytes.size());
    if (count <= 0) fail("the program takes no input");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void ChildProgram::close_input() {
  if (input_ >= 0) ::close(input_);
  input_ = -1;
}

std::optional<int> ChildProgram::wait(std::chrono::milliseconds within) {
  if (exit_code_) return exit_code_;
  pollfd ended{pidfd_, POLLIN, 0};
  const auto deadline = Clock::now() + within;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    const int ready = ::poll(&ended, 1, left.count() > 0 ? static_cast<int>(left.count()) : 0);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return std::nullopt;
    break;
  }
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_) fail("waitpid");
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return exit_code_;
}

std::string ChildProgram::output() const {
  return contents(directory_ / "out");
}

std::string ChildProgram::errors() const {
  return contents(directory_ / "err");
}

}  // namespace rookery::system_test
