// ipc/sandbox/sanitized.h
//
// Builds with AddressSanitizer or ThreadSanitizer: their reports read /proc/self and the program's file, and the search
// for leaks stops all threads by ptrace(). There, and nowhere else, the walls have these gaps: files can be read (not
// written), threads and processes be made and traced. Everything else is tested in those builds as it is for people.
#pragma once

namespace rookery::sandbox {

#if defined(ROOKERY_SANITIZED)  // by CMakeLists.txt: g++ and clang each have another way to tell
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace rookery::sandbox
