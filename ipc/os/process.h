// ipc/os/process.h
//
// A child process held by its pidfd: signals and waits reach exactly the process that was forked, even when its number
// has been given to another one since.
//
//     Process child = Process::spawn([&] { return work(); });   // the child exits with what work() returns
//     poll(child.pidfd(), POLLIN)                                // readable: it has ended
//     ExitStatus status = *child.try_wait();                     // reaps it
//
// Fork only from a single-threaded process: the child has a copy of the caller's thread alone.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ipc/os/file_descriptor.h"

namespace rookery::os {

struct ExitStatus {
  bool signalled = false;
  int value = 0;  // the signal's number, or the exit code

  [[nodiscard]] bool clean() const noexcept { return !signalled && value == 0; }
  [[nodiscard]] std::string describe() const;  // "exit code 3", "signal 9 (Killed)"
};

class Process final {
 public:
  Process() = default;

  // Forks. The child runs `body` and ends with its value as exit code, without running the parent's destructors; an
  // exception that leaves `body` is printed and ends it with 70. Throws std::system_error where fork() fails.
  [[nodiscard]] static Process spawn(const std::function<int()>& body);

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] int pidfd() const noexcept { return pidfd_.get(); }
  [[nodiscard]] explicit operator bool() const noexcept { return pid_ > 0; }

  // Stopped by a signal (SIGSTOP and the like), and not continued. False where it cannot be told.
  [[nodiscard]] bool stands_still() const noexcept;

  // False when this object holds none. True for a process that has ended but is not reaped yet: it feels nothing.
  bool signal(int number) const noexcept;

  // Reaps the process if it has ended; afterwards this object holds none. Empty while it runs.
  [[nodiscard]] std::optional<ExitStatus> try_wait();

 private:
  pid_t pid_ = -1;
  FileDescriptor pidfd_;
};

// First words of a child: dies with its parent (PR_SET_PDEATHSIG, and the check for a parent that was faster), can gain
// no privileges. False when the parent is already gone.
[[nodiscard]] bool tie_to_parent(pid_t parent) noexcept;

// Standard input and output lead to /dev/null from now on. False, with errno, where that failed; async-signal-safe.
[[nodiscard]] bool empty_standard_streams() noexcept;

// Closes every descriptor above standard error that is not in `keep`.
void close_all_but(std::vector<int> keep);

// The same for the calling thread alone: from now on it has a table of descriptors of its own, and what others open or
// close concerns it no more. When one thread is left that shares its table with nobody, the kernel looks a descriptor
// up for it without counting references. Does nothing where the kernel cannot (before Linux 5.9), and says so.
bool leave_descriptors_but(const std::vector<int>& keep);

}  // namespace rookery::os
