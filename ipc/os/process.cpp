#include "ipc/os/process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "ipc/os/errors.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

namespace rookery::os {

namespace {

constexpr int kInternalError = 70;

// The child leaves by _exit: the objects it inherited belong to its parent.
[[noreturn]] void run_child(const std::function<int()>& body) {
  int code = kInternalError;
  try {
    code = body();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ALERT pid=%d: %s\n", static_cast<int>(::getpid()), error.what());
  }
  std::fflush(nullptr);
#if defined(__SANITIZE_ADDRESS__)
  if (code == 0 && __lsan_do_recoverable_leak_check() != 0) code = kInternalError;
#endif
  ::_exit(code);
}

}  // namespace

std::string ExitStatus::describe() const {
  if (!signalled) return "exit code " + std::to_string(value);
  const char* name = ::sigdescr_np(value);
  return "signal " + std::to_string(value) + " (" + (name != nullptr ? name : "unknown") + ")";
}

Process Process::spawn(const std::function<int()>& body) {
  std::fflush(nullptr);  // or the child would print the parent's buffered output once more
  const pid_t pid = ::fork();
  if (pid < 0) throw_errno("cannot fork");
  if (pid == 0) run_child(body);

  Process process;
  process.pid_ = pid;
  // Nobody else reaps our children, so until try_wait() the number is this child's, dead or alive.
  process.pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process.pidfd_) {
    const int reason = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    errno = reason;
    throw_errno("cannot open a pidfd");
  }
  return process;
}

bool Process::stands_still() const noexcept {
  siginfo_t info{};
  return ::waitid(P_PIDFD, static_cast<id_t>(pidfd()), &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

bool Process::signal(int number) const noexcept {
  return pidfd_ && ::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0) == 0;
}

std::optional<ExitStatus> Process::try_wait() {
  if (!pidfd_) return std::nullopt;
  siginfo_t info{};
  int result;
  do {
    result = ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG);
  } while (result != 0 && errno == EINTR);
  if (result != 0) throw_errno("cannot wait for a child");
  if (info.si_pid == 0) return std::nullopt;
  pid_ = -1;
  pidfd_.reset();
  return ExitStatus{info.si_code != CLD_EXITED, info.si_status};
}

bool tie_to_parent(pid_t parent) noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return ::getppid() == parent;
}

bool empty_standard_streams() noexcept {
  const int nothing = ::open("/dev/null", O_RDWR);  // it may be one of the two, and those stay open on exec
  const bool done = nothing >= 0 && ::dup2(nothing, STDIN_FILENO) >= 0 && ::dup2(nothing, STDOUT_FILENO) >= 0;
  if (nothing > STDOUT_FILENO) ::close(nothing);
  return done;
}

void close_all_but(std::vector<int> keep) {
  std::sort(keep.begin(), keep.end());
  unsigned first = STDERR_FILENO + 1;
  for (const int descriptor : keep) {
    if (descriptor < 0 || static_cast<unsigned>(descriptor) < first) continue;
    const auto number = static_cast<unsigned>(descriptor);
    if (number > first) ::syscall(SYS_close_range, first, number - 1, 0);
    first = number + 1;
  }
  ::syscall(SYS_close_range, first, ~0U, 0);
}

bool leave_descriptors_but(const std::vector<int>& keep) {
  const int last = std::max(STDERR_FILENO, keep.empty() ? 0 : *std::max_element(keep.begin(), keep.end()));
  // With this flag what is to be closed is not copied first, however many clients there are.
  if (::syscall(SYS_close_range, static_cast<unsigned>(last) + 1, ~0U, CLOSE_RANGE_UNSHARE) != 0) return false;
  close_all_but(keep);
  return true;
}

}  // namespace rookery::os
