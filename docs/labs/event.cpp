// docs/labs/event.cpp
//
// Runners wait for the shot, and one thread fires it. Its page: event.md.
#include "worker/pool/event.h"

#include <chrono>
#include <thread>
#include <vector>

#include "docs/labs/lab.h"
#include "docs/labs/say.h"
#include "worker/pool/timer.h"

namespace rookery::labs {

using std::chrono::milliseconds;

int event(Options& options) {
  const unsigned runners = options.number("runners", 3, "how many wait", 1, 1000);
  const milliseconds delay = options.milliseconds("delay", 300, "before the shot");
  const milliseconds patience = options.milliseconds("patience", 100, "after which a runner grumbles");
  options.complete();

  worker::Event shot;
  {
    std::vector<std::jthread> threads;
    for (unsigned runner = 1; runner <= runners; ++runner) {
      threads.emplace_back([&shot, runner, patience] {
        say("runner {} waits", runner);
        if (!shot.wait_for(patience)) say("runner {}: not yet?", runner);
        shot.wait();
        say("runner {} runs", runner);
      });
    }
    const worker::Timer starter(delay, [&shot] {
      say("starter: bang");
      shot.set();
    });
    shot.wait();  // main waits as well, or leaving the block would cancel the starter
  }
  say("the late one looks: has there been a shot? {}", shot.is_set());
  shot.clear();
  say("cleared for the next race: {}", shot.is_set());
  return 0;
}

}  // namespace rookery::labs
