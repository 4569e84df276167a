// docs/labs/lock.cpp
//
// Read, sleep and write once more, behind a mutex: nothing is lost. Its page: lock.md.
#include <chrono>
#include <mutex>
#include <thread>

#include "docs/labs/lab.h"
#include "docs/labs/say.h"

namespace rookery::labs {

namespace {

using std::chrono::milliseconds;

struct Counter {
  std::mutex mutex;
  int value = 0;  // read and written by who holds the mutex, and by nobody else
};

// REQUIRES: the caller holds the mutex.
void add_one_slowly(Counter& counter, milliseconds pause) {
  const int seen = counter.value;
  std::this_thread::sleep_for(pause);
  counter.value = seen + 1;
}

void add_one_by_hand(Counter& counter, milliseconds pause) {
  counter.mutex.lock();
  add_one_slowly(counter, pause);
  counter.mutex.unlock();  // never reached if the line before throws, and then nobody ever gets the mutex again
}

void add_one_scoped(Counter& counter, milliseconds pause) {
  const std::scoped_lock lock(counter.mutex);
  add_one_slowly(counter, pause);
}  // unlocked here, however we leave

// What two threads make of a counter when each of them adds one so many times.
int count(unsigned times, milliseconds pause, void (*add_one)(Counter&, milliseconds)) {
  Counter counter;
  const auto add = [&] {
    for (unsigned i = 0; i < times; ++i) add_one(counter, pause);
  };
  {
    const std::jthread ada(add);
    const std::jthread bob(add);
  }
  return counter.value;
}

}  // namespace

int lock(Options& options) {
  const milliseconds pause = options.milliseconds("pause", 50, "between reading and writing");
  const unsigned times = options.number("times", 5, "how often each thread adds 1 in the last line");
  options.complete();

  say("lock() and unlock() by hand, 1 time each: {}", count(1, pause, add_one_by_hand));
  say("scoped lock, 1 time each: {}", count(1, pause, add_one_scoped));
  say("scoped lock, {} times each: {}", times, count(times, pause, add_one_scoped));
  return 0;
}

}  // namespace rookery::labs
