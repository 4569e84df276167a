// docs/labs/first-thread.cpp
//
// One thread beside main(), three times: joined, joined by itself, and left alone. Its page: first-thread.md.
#include <chrono>
#include <string>
#include <thread>

#include "docs/labs/lab.h"
#include "docs/labs/say.h"
#include "ipc/os/thread.h"

namespace rookery::labs {

namespace {

using std::chrono::milliseconds;

// What the thread does. It has arguments of its own: the thread keeps copies of them for as long as it runs.
void nap(const std::string& name, milliseconds time) {
  os::name_this_thread(name);  // for ps, top and debuggers
  say("  {}: sleeping for {} ms", name, time.count());
  std::this_thread::sleep_for(time);
  say("  {}: awake again", name);
}

}  // namespace

int first_thread(Options& options) {
  const milliseconds time = options.milliseconds("sleep", 300, "how long the first two threads sleep");
  const milliseconds long_time = options.milliseconds("long-sleep", 10'000, "how long the third one would like to");
  options.complete();

  say("1. std::thread: we have to say when we wait for it");
  std::thread joined(nap, "joined", time);
  say("main: has started it and goes on");
  joined.join();
  say("main: it has ended");

  say("2. std::jthread: its destructor waits");
  {
    const std::jthread by_itself(nap, "by-itself", time);
    say("main: has started it and leaves the block");
  }
  say("main: it has ended");

  say("3. detached: nobody waits");
  std::thread(nap, "left-alone", long_time).detach();
  say("main: returns, and the process ends with all its threads");
  return 0;
}

}  // namespace rookery::labs
