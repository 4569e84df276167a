// ipc/os/crash_dump.h
//
// The last words of a process that crashes (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT), on standard error and in the
// log's shape: which signal, which address, and the calls that led there, as module+offset for addr2line. Then the
// process dies of the same signal, as if nothing had been done. How to read it: docs/processes.md.
//
//     install_crash_dump("worker 1");                  // in the child, before its threads
//     std::thread([] { const CrashStack stack; ... })  // first thing in each thread
//
// The handler runs on a stack of its own (the thread's may be what has run out), calls only what a signal handler may,
// and takes no lock. When the signal came from outside (a hung process is sent SIGABRT by the master) all threads that
// have a CrashStack tell where they are, one after the other, the one that took the signal first.
//
// Where a sanitizer is built in there are no last words, for it has handlers of its own; that a thread has aborted is
// marked all the same.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rookery::os {

// Once in the life of a process, by its first thread. Without memory for a stack the dump is written on the thread's
// own.
void install_crash_dump(std::string_view process_name);

// For as long as it lives, its thread can tell of its crash. At most 512 at a time are asked when a process hangs.
class CrashStack final {
 public:
  CrashStack() noexcept;
  ~CrashStack();
  CrashStack(const CrashStack&) = delete;
  CrashStack& operator=(const CrashStack&) = delete;

 private:
  void* memory_ = nullptr;
  std::size_t place_;  // in the list of threads
};

// The word becomes 1 (relaxed) when this very thread crashes, not when another does or a signal comes from outside.
// Null takes it back. REQUIRES: the word outlives the thread, or is taken back.
void mark_if_this_thread_crashes(std::atomic<std::uint64_t>* word) noexcept;

}  // namespace rookery::os
