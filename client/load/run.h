// client/load/run.h
//
// Runs one plan against a server that is there already. The whole load tool behind its command line: `compare` calls
// this too.
#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>

#include "client/load/outcome.h"
#include "client/load/plan.h"

namespace rookery::load {

// Called from the thread that called run_load(). What a function throws ends the run at once and comes out of
// run_load().
class Observer {
 public:
  virtual ~Observer() = default;

  // All clients are there and the warm-up is over: what is counted begins, and ends.
  virtual void counting_begins() {}
  virtual void counting_ends() {}
  // Some times a second. `done` of `whole` has passed; `operations` since counting began.
  virtual void progress(std::chrono::milliseconds /*done*/, std::chrono::milliseconds /*whole*/,
                        std::uint64_t /*operations*/) {}
  // Some times a second from the first connection to the last answer: the place to throw when nobody wants the result.
  virtual void waits() {}
};

// The run could not begin: no server, no descriptors, a server that is full.
class CannotRun final : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Blocks for warm-up and duration, and for what the answers still under way then need (a few seconds at most). Throws
// CannotRun. What goes wrong later is in the outcome's faults.
[[nodiscard]] LoadOutcome run_load(const LoadPlan& plan, Observer& observer);

}  // namespace rookery::load
