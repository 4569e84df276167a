// ipc/sandbox/sanitized.h
//
// Builds with AddressSanitizer or ThreadSanitizer: their reports read /proc/self and the program's file, and the search
// for leaks stops all threads by ptrace(). There, and nowhere else, the walls have these gaps: files can be read (not
// written), threads and processes be made and traced. Everything else is tested in those builds as it is for people.
#pragma once

namespace rookery::sandbox {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace rookery::sandbox
