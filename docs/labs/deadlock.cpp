// docs/labs/deadlock.cpp
//
// A mutex locked twice, two mutexes in two orders, and a recursive one; nothing hangs. Its page: deadlock.md.
#include <barrier>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>

#include "docs/labs/lab.h"
#include "docs/labs/posix_mutex.h"
#include "docs/labs/say.h"
#include "ipc/os/errors.h"

namespace rookery::labs {

namespace {

using std::chrono::milliseconds;

std::string describe(int error) {
  return error == 0 ? "done" : os::error_text(error);
}

void lock_twice(const char* name, PosixMutex::Kind kind, milliseconds patience) {
  PosixMutex mutex(kind);
  say("  {}: first lock: {}", name, describe(mutex.lock_within(patience)));
  const int second = mutex.lock_within(patience);
  say("  {}: second lock: {}", name, describe(second));
  if (second == 0) mutex.unlock();
  say("  {}: release: {}", name, describe(mutex.unlock()));
  if (kind == PosixMutex::kNormal) return;  // it does not know who holds it: to release it once more is undefined
  say("  {}: one release too many: {}", name, describe(mutex.unlock()));
}

void lock_in_turn(const char* name, std::timed_mutex& first, std::timed_mutex& second, std::barrier<>& both,
                  milliseconds patience) {
  const std::unique_lock mine(first);
  both.arrive_and_wait();  // each holds its first mutex now
  const std::unique_lock other(second, patience);
  say("  {}: holds one, and the other: {}", name, other ? "done" : "gives up waiting");
  both.arrive_and_wait();  // each has tried
}

void two_orders(milliseconds patience, unsigned rounds) {
  std::timed_mutex fork;
  std::timed_mutex spoon;
  {
    std::barrier both(2);
    const std::jthread ada([&] { lock_in_turn("ada", fork, spoon, both, patience); });
    const std::jthread bob([&] { lock_in_turn("bob", spoon, fork, both, patience); });
  }
  unsigned meals = 0;  // guarded by both mutexes
  const auto eat = [&](std::timed_mutex& first, std::timed_mutex& second) {
    for (unsigned i = 0; i < rounds; ++i) {
      const std::scoped_lock lock(first, second);  // takes both or none, in whatever order they are named
      ++meals;
    }
  };
  {
    const std::jthread ada([&] { eat(fork, spoon); });
    const std::jthread bob([&] { eat(spoon, fork); });
  }
  say("  with std::scoped_lock, {} rounds each: {} meals", rounds, meals);
}

void recursive(unsigned depth) {
  std::recursive_mutex mutex;
  const auto free_for_others = [&mutex] {
    bool got = false;
    std::jthread([&] {
      got = mutex.try_lock();
      if (got) mutex.unlock();
    }).join();
    return got ? "yes" : "no";
  };
  for (unsigned i = 0; i < depth; ++i) mutex.lock();
  say("  locked {} times; free for another thread: {}", depth, free_for_others());
  for (unsigned i = 1; i <= depth; ++i) {
    mutex.unlock();
    say("  released {} times; free for another thread: {}", i, free_for_others());
  }
}

}  // namespace

// By luck nobody waits. ThreadSanitizer finds it all the same; tests/labs/tsan.suppressions knows it by name.
void lock_one_after_the_other() {
  std::mutex fork;
  std::mutex spoon;
  unsigned meals = 0;
  const auto eat = [&meals](std::mutex& first, std::mutex& second) {
    const std::lock_guard mine(first);
    const std::lock_guard other(second);
    ++meals;
  };
  std::jthread([&] { eat(fork, spoon); }).join();
  std::jthread([&] { eat(spoon, fork); }).join();
  say("  one after the other: {} meals", meals);
}

int deadlock(Options& options) {
  const milliseconds patience = options.milliseconds("patience", 100, "how long to wait for a lock");
  const unsigned rounds = options.number("rounds", 1000, "how often each thread takes both mutexes");
  const unsigned depth = options.number("depth", 3, "how often the recursive mutex is locked");
  options.complete();

  say("1. One thread locks twice");
  lock_twice("normal", PosixMutex::kNormal, patience);
  lock_twice("error-checking", PosixMutex::kErrorChecking, patience);
  lock_twice("recursive", PosixMutex::kRecursive, patience);
  say("2. Two threads lock two mutexes in two orders");
  lock_one_after_the_other();
  two_orders(patience, rounds);
  say("3. A recursive mutex is released as often as it was locked");
  recursive(depth);
  return 0;
}

}  // namespace rookery::labs
