#include "master/supervisor/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

#include "ipc/os/errors.h"

namespace rookery::master {

Signals::Signals() {
  sigset_t ours;
  sigemptyset(&ours);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&ours, number);
  // A background job that reads or writes its terminal would be stopped; with these blocked the call fails instead.
  sigset_t blocked = ours;
  sigaddset(&blocked, SIGTTIN);
  sigaddset(&blocked, SIGTTOU);
  if (::sigprocmask(SIG_SETMASK, &blocked, nullptr) != 0) os::throw_errno("cannot block signals");
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a limit of file sizes is an error like a full disk, in children too
  ::signal(SIGCHLD, SIG_DFL);  // where it is inherited as ignored the kernel would reap our children for us
  descriptor_.reset(::signalfd(-1, &ours, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!descriptor_) os::throw_errno("cannot create a signal descriptor");
}

std::optional<int> Signals::next() const noexcept {
  signalfd_siginfo info{};
  ssize_t bytes;
  do {
    bytes = ::read(descriptor_.get(), &info, sizeof info);
  } while (bytes < 0 && errno == EINTR);
  if (bytes != static_cast<ssize_t>(sizeof info)) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
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
