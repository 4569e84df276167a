// docs/labs/process_mutex.h
//
// A mutex that processes share; for the lab that shows why the server has none. Make it in memory that all of them have
// mapped writable, before the fork:
//
//     auto* mutex = new (memory.data()) ProcessMutex(Robust::Yes);
//     switch (mutex->lock(patience)) {
//       case LockResult::Locked: ...                         // ours; unlock() gives it back
//       case LockResult::OwnerDied: mutex->mended(); ...     // ours too; what it protects may be half changed
//       case LockResult::TimedOut: ...                       // not ours
//     }
//
// When a process dies with the lock: an ordinary mutex stays locked for ever; a robust one goes to the next who asks,
// as OwnerDied, and to nobody any more if that one unlocks it without mended().
#pragma once

#include <pthread.h>

#include <chrono>

namespace rookery::labs {

enum class Robust : bool { No, Yes };
enum class LockResult : unsigned char { Locked, OwnerDied, TimedOut };

class ProcessMutex final {
 public:
  explicit ProcessMutex(Robust robust);  // throws std::system_error
  ProcessMutex(const ProcessMutex&) = delete;
  ProcessMutex& operator=(const ProcessMutex&) = delete;

  // By the steady clock (pthread_mutex_clocklock). The ThreadSanitizer of gcc 12 does not know that function; it
  // follows no lock from one process to another anyway, so the price is one line in tests/labs/tsan.suppressions.
  // Throws std::system_error where the mutex can't be had any more.
  [[nodiscard]] LockResult lock(std::chrono::milliseconds patience);
  void unlock();
  void mended();  // after OwnerDied: the data are in order again

 private:
  pthread_mutex_t mutex_;
};

}  // namespace rookery::labs
