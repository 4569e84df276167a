// ipc/sandbox/sandbox.h
//
// Takes from a process what its role never needs, for good: nothing that it does later, and no program that it
// executes, gets any of it back. Whoever takes a process over has what is left.
//
//   sandbox::enter(Role::Worker, {.listener = listener});      // single-threaded, its descriptors are open
//   sandbox::enter(Role::Ledger, {.own = {"/var/lib/rookery"}});
//
// Three walls, each for itself:
//   system calls   a filter for each role (ipc/sandbox/rules.h). What is not on a child's list returns EPERM, so that a
//                  library that tries something goes on without it. What only an attacker tries (execve, ptrace, ...)
//                  kills the process by SIGSYS, and the master says so in the log.
//   files          Landlock (ipc/sandbox/landlock.h): none for a worker, one directory for the ledger; no TCP
//                  connect() for anybody, the master included.
//   privileges     capabilities, where the server was started with any, and no_new_privs.
//
// The one mistake everybody makes: to open something later. What a role opens at run time comes to it as a descriptor
// (a passenger of the control pipe), or is opened before enter().
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rookery::sandbox {

enum class Role : std::uint8_t {
  // Refuses some, allows the rest: the program that an upgrade brings runs under it too, and may need calls that this
  // one does not know.
  Master,
  Ledger,
  Worker,
  Exporter,  // answers on a listening socket that it was given; reads what it has mapped
};

struct Belongings {
  std::vector<std::string> own;       // directories: all but execution and devices
  std::vector<std::string> readable;  // files
  int listener = -1;                  // cannot be shut down: it is the other workers' too
};

// What this kernel cannot do, each in words for the log: empty where it can do all of it.
[[nodiscard]] std::vector<std::string> missing();

// Does what the kernel can; throws std::system_error where that fails. The master's is made once: a successor in the
// same process finds itself inside and leaves it at that, or filters would pile up with each upgrade.
// REQUIRES: no second thread.
void enter(Role role, const Belongings& belongings = {});

// enter(Role::Master) was done in this process, by this program or the one before.
[[nodiscard]] bool inside_masters() noexcept;

}  // namespace rookery::sandbox
