// docs/labs/posix_mutex.h
//
// A mutex that answers, for the lab deadlock. To lock a std::mutex twice, or to release one not held, is undefined
// behaviour: the standard promises no answer at all. POSIX does for its kinds of mutex, and the answer is what we want
// to see. Elsewhere take std::mutex, and do neither.
#pragma once

#include <pthread.h>
#include <time.h>

#include <chrono>

namespace rookery::labs {

class PosixMutex final {
 public:
  enum Kind : int {
    kNormal = PTHREAD_MUTEX_NORMAL,             // locked twice by one thread, it waits for ever
    kErrorChecking = PTHREAD_MUTEX_ERRORCHECK,  // says EDEADLK to that
    kRecursive = PTHREAD_MUTEX_RECURSIVE,       // counts
  };

  explicit PosixMutex(Kind kind) noexcept {
    pthread_mutexattr_t attributes;
    ::pthread_mutexattr_init(&attributes);
    ::pthread_mutexattr_settype(&attributes, kind);
    ::pthread_mutex_init(&mutex_, &attributes);
    ::pthread_mutexattr_destroy(&attributes);
  }
  ~PosixMutex() { ::pthread_mutex_destroy(&mutex_); }
  PosixMutex(const PosixMutex&) = delete;
  PosixMutex& operator=(const PosixMutex&) = delete;

  // 0, or an error number: ETIMEDOUT, EDEADLK. By the clock that people read: who sets it meanwhile changes the wait.
  // pthread_mutex_clocklock would take the steady clock, but the ThreadSanitizer of gcc 12 does not know that function,
  // and this lab wants it to see every lock.
  [[nodiscard]] int lock_within(std::chrono::milliseconds patience) noexcept {
    using std::chrono::seconds;
    const auto until = std::chrono::system_clock::now() + patience;
    const auto whole = std::chrono::floor<seconds>(until);
    const timespec until_then{whole.time_since_epoch().count(), std::chrono::nanoseconds(until - whole).count()};
    return ::pthread_mutex_timedlock(&mutex_, &until_then);
  }

  // 0, or EPERM: the caller does not hold it. Not for kNormal, which does not know who holds it.
  int unlock() noexcept { return ::pthread_mutex_unlock(&mutex_); }

 private:
  pthread_mutex_t mutex_{};
};

}  // namespace rookery::labs
