// docs/labs/lost-update.cpp
//
// Two threads read one counter, sleep, and write what they read plus one. Its page: lost-update.md.
#include <atomic>
#include <barrier>
#include <chrono>
#include <functional>
#include <thread>

#include "docs/labs/lab.h"
#include "docs/labs/say.h"

namespace rookery::labs {

namespace {

using std::chrono::milliseconds;
using Wait = std::function<void()>;  // between reading and writing

// Reading and writing are each whole, so this is no data race: the program means what it says. It says the wrong thing.
void add_one_to_atomic(const char* name, std::atomic<int>& counter, const Wait& wait) {
  const int seen = counter.load();
  say("{} has read {}", name, seen);
  wait();
  counter.store(seen + 1);
  say("{} has written {}", name, seen + 1);
}

}  // namespace

// The same with a plain int: a data race, so in C++ the program means nothing at all. For ThreadSanitizer to find;
// tests/labs/tsan.suppressions knows it by name, so it has one outside of this file too.
void add_one_to_plain_int(const char* name, int& counter, const Wait& wait) {
  const int seen = counter;
  say("{} has read {}", name, seen);
  wait();
  counter = seen + 1;
  say("{} has written {}", name, seen + 1);
}

int lost_update(Options& options) {
  const milliseconds pause = options.milliseconds("pause", 100, "between reading and writing");
  const bool certain = options.flag("certain", "wait for the other one to have read, instead of sleeping");
  const bool plain = options.flag("plain", "count with a plain int: a data race");
  options.complete();

  std::barrier both_have_read(2);
  const Wait wait = [&] {
    if (certain) {
      both_have_read.arrive_and_wait();
    } else {
      std::this_thread::sleep_for(pause);
    }
  };

  std::atomic<int> atomic_counter = 0;
  int plain_counter = 0;
  const auto add_one = [&](const char* name) {
    if (plain) {
      add_one_to_plain_int(name, plain_counter, wait);
    } else {
      add_one_to_atomic(name, atomic_counter, wait);
    }
  };
  {
    const std::jthread ada(add_one, "ada");
    const std::jthread bob(add_one, "bob");
  }
  say("two threads have added 1 to 0: {}", plain ? plain_counter : atomic_counter.load());
  return 0;
}

}  // namespace rookery::labs
