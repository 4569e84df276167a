// client/load/engine/stage.h
//
// What a scenario has to do with: the clients of one thread, the time, and the book in which it writes what it saw.
// engine/loop.h is the one stage that runs.
//
// Time is nanoseconds since the moment at which all clients began to send; before that it is negative.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "client/load/histogram.h"
#include "client/load/outcome.h"
#include "client/load/plan.h"

namespace rookery::load {

using Nanoseconds = std::chrono::nanoseconds;

// What one thread saw. Closed loop: an operation counts if its answer came in the counted time. Open loop: if it was
// due in it, however late the answer; else a server that stalls at the end would not be seen.
class Tally final {
 public:
  explicit Tally(const LoadPlan& plan)
      : from_(plan.warm_up), to_(plan.warm_up + plan.duration), by_begin_(plan.open_loop()) {}

  // `began` is when it was due (open loop) or sent. Is it one of those that count?
  bool operation(Nanoseconds began, Nanoseconds ended) noexcept {
    if (!counts(began, ended)) return false;
    operation_whenever(began, ended);
    return true;
  }
  // Counts it also when it is outside of the counted time.
  void operation_whenever(Nanoseconds began, Nanoseconds ended) noexcept {
    latency.record(ended - began);
    last_ended_ = ended;
    operations.store(operations.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  // The same, of one of several kinds.
  bool operation(const std::string& kind, Nanoseconds began, Nanoseconds ended) {
    if (!operation(began, ended)) return false;
    latency_of[kind].record(ended - began);
    return true;
  }
  [[nodiscard]] bool counts(Nanoseconds began, Nanoseconds ended) const noexcept {
    return in_counted_time(by_begin_ ? began : ended);
  }
  [[nodiscard]] bool in_counted_time(Nanoseconds moment) const noexcept { return moment >= from_ && moment < to_; }
  [[nodiscard]] Nanoseconds last_ended() const noexcept { return last_ended_; }

  Histogram latency;
  std::map<std::string, Histogram> latency_of;
  Faults faults;
  std::uint64_t sent = 0;                    // LoadOutcome::sent, where it is not the operations
  std::uint64_t no_port = 0;                 // connections not made because this machine had no port: nobody's fault
  std::atomic<std::uint64_t> operations{0};  // written by this thread alone; progress is read by another

 private:
  Nanoseconds from_;
  Nanoseconds to_;
  bool by_begin_;
  Nanoseconds last_ended_{0};
};

class Client;  // engine/client.h

class Stage {
 public:
  virtual ~Stage() = default;

  // As of the last bytes that came.
  [[nodiscard]] Nanoseconds now() const noexcept { return now_; }
  // May new requests go out? Between on_begin() and on_stop().
  [[nodiscard]] bool sending() const noexcept { return sending_; }
  [[nodiscard]] const LoadPlan& plan() const noexcept { return plan_; }
  [[nodiscard]] std::uint32_t thread() const noexcept { return thread_; }
  [[nodiscard]] Tally& tally() noexcept { return tally_; }

  // Where to append whole lines for the client; they go out before the loop sleeps. Nothing goes to one that is closed.
  [[nodiscard]] virtual std::string& to(Client& client) = 0;
  // The client is prepared; the run begins when all are.
  virtual void ready(Client& client) = 0;
  // What is in to() still goes out if the kernel takes it now. No on_closed() follows.
  virtual void hang_up(Client& client) = 0;
  // Connects a client that is closed; on_connected() follows, or on_closed(), perhaps before this returns. Not from
  // within another client's event.
  virtual void connect(Client& client) = 0;
  // Before the run: it cannot begin, says the exception that run_load() throws then.
  virtual void cannot_run(std::string why) = 0;
  // Lets every thread's Part have an on_turn_end() soon.
  virtual void wake_all() noexcept = 0;

 protected:
  Stage(const LoadPlan& plan, std::uint32_t thread) : plan_(plan), thread_(thread), tally_(plan) {}

  const LoadPlan& plan_;
  std::uint32_t thread_;
  Tally tally_;
  Nanoseconds now_ = Nanoseconds::min();
  bool sending_ = false;
};

}  // namespace rookery::load
