#include "master/supervisor/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

#include "ipc/os/errors.h"

namespace rookery::master {

Signals::Signals() {
  sigset_t ours;
  sigemptyset(&ours);
  // Blocked, the terminal's signals stop nobody: a background job's read fails with EIO, its writes go through.
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGTTIN, SIGTTOU}) sigaddset(&ours, number);
  if (::sigprocmask(SIG_SETMASK, &ours, nullptr) != 0) os::throw_errno("cannot block signals");
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a limit of file sizes is an error like a full disk, in children too
  ::signal(SIGCHLD, SIG_DFL);  // where it is inherited as ignored the kernel would reap our children for us
  descriptor_.reset(::signalfd(-1, &ours, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!descriptor_) os::throw_errno("cannot create a signal descriptor");
}

std::optional<int> Signals::next() const noexcept {
  for (;;) {
    signalfd_siginfo info{};
    const ssize_t bytes = ::read(descriptor_.get(), &info, sizeof info);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes != static_cast<ssize_t>(sizeof info)) return std::nullopt;
    const int number = static_cast<int>(info.ssi_signo);
    // The terminal's, to our whole group, because somebody else in it reads or writes there.
    const bool of_terminal = (number == SIGTTIN || number == SIGTTOU) && info.ssi_code == SI_KERNEL;
    if (!of_terminal) return number;
  }
}

void restore_fault_signals() noexcept {
  sigset_t faults;
  sigemptyset(&faults);
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP}) {
    // A handler (a sanitizer's) is for us too; "ignored" is not.
    struct sigaction action {};
    if (::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) ::signal(number, SIG_DFL);
    sigaddset(&faults, number);
  }
  ::sigprocmask(SIG_UNBLOCK, &faults, nullptr);
}

}  // namespace rookery::master
