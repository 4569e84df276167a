// ipc/os/errors.h
//
// How a failed system call becomes an exception (start-up), and a broken invariant the end of a process (running).
#pragma once

#include <string>

namespace rookery::os {

// Throws std::system_error with the current errno; what() reads "WHAT: reason".
[[noreturn]] void throw_errno(const std::string& what);

// "reason" of an errno value, thread-safe.
[[nodiscard]] std::string error_text(int error_number);

// A broken invariant: says where on standard error and aborts this process. The master starts another.
[[noreturn]] void broken(const char* what, const char* file, int line) noexcept;

}  // namespace rookery::os

// Checks an invariant in every build. Not for bad input and not for failed system calls.
#define ROOKERY_INVARIANT(condition) \
  ((condition) ? static_cast<void>(0) : ::rookery::os::broken(#condition, __FILE__, __LINE__))
