#include "docs/labs/process_mutex.h"

#include <cerrno>
#include <ctime>

#include "ipc/os/errors.h"

namespace rookery::labs {

namespace {

void check(int error, const char* what) {
  errno = error;
  if (error != 0) os::throw_errno(what);
}

timespec time_in(std::chrono::nanoseconds from_now) {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto end = std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec) + from_now;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(end);
  return {seconds.count(), (end - seconds).count()};
}

}  // namespace

ProcessMutex::ProcessMutex(Robust robust) {
  pthread_mutexattr_t attributes;
  check(::pthread_mutexattr_init(&attributes), "cannot describe a mutex");
  ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  ::pthread_mutexattr_setrobust(&attributes, robust == Robust::Yes ? PTHREAD_MUTEX_ROBUST : PTHREAD_MUTEX_STALLED);
  const int error = ::pthread_mutex_init(&mutex_, &attributes);
  ::pthread_mutexattr_destroy(&attributes);
  check(error, "cannot make a mutex between processes");
}

LockResult ProcessMutex::lock(std::chrono::milliseconds patience) {
  const timespec end = time_in(patience);
  const int error = ::pthread_mutex_clocklock(&mutex_, CLOCK_MONOTONIC, &end);
  if (error == ETIMEDOUT) return LockResult::TimedOut;
  if (error == EOWNERDEAD) return LockResult::OwnerDied;
  check(error, "cannot lock a mutex between processes");
  return LockResult::Locked;
}

void ProcessMutex::unlock() {
  check(::pthread_mutex_unlock(&mutex_), "cannot unlock a mutex between processes");
}

void ProcessMutex::mended() {
  check(::pthread_mutex_consistent(&mutex_), "cannot mend a mutex between processes");
}

}  // namespace rookery::labs
