// docs/labs/timer.cpp
//
// A call after a delay: made, cancelled in time, cancelled too late. Its page: timer.md.
#include "worker/pool/timer.h"

#include <chrono>

#include "docs/labs/lab.h"
#include "docs/labs/say.h"
#include "worker/pool/event.h"

namespace rookery::labs {

using std::chrono::milliseconds;
using worker::Event;
using worker::Timer;

int timer(Options& options) {
  const milliseconds delay = options.milliseconds("delay", 300, "before the call");
  options.complete();

  say("1. Nobody cancels: the call comes after {} ms", delay.count());
  {
    Event called;
    const Timer timer(delay, [&called] {
      say("   called");
      called.set();
    });
    say("   main goes on at once, and waits for the call only because it wants to");
    called.wait();
  }

  say("2. Cancelled in time: it never comes");
  {
    Timer timer(std::chrono::hours(1), [] { say("   called after an hour"); });
    say("   prevented by cancel(): {}", timer.cancel());
  }

  say("3. Cancelled too late: it has been made");
  {
    Event called;
    Timer timer(delay, [&called] {
      say("   called");
      called.set();
    });
    called.wait();
    say("   prevented by cancel(): {}", timer.cancel());
  }
  return 0;
}

}  // namespace rookery::labs
