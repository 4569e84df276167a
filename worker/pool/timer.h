// worker/pool/timer.h
//
// A call after a delay, on a thread of its own, unless it is cancelled before: threading.Timer of Python.
//
//     Timer alarm(500ms, [&] { say("too slow"); });
//     work();
//     if (!alarm.cancel()) ...   // too late: the call has been made, or is being made now
//
// It holds a thread while it waits: good for a few. An event loop keeps its deadlines itself, and sleeps until the
// next.
//
// Who may call   cancel: any thread, also the call itself.
// Errors         The call must not throw: nobody is there to catch it, and the process ends.
// The end        The destructor cancels. If it is too late for that, it waits until the call has ended. So the call
//                must not destroy its own timer, and what it refers to must outlive the timer: declare the timer after
//                it.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <utility>

#include "worker/pool/event.h"

namespace rookery::worker {

class Timer final {
 public:
  Timer(std::chrono::milliseconds delay, std::function<void()> call)
      : thread_([this, delay, call = std::move(call)] {
          if (!cancelled_.wait_for(delay) && decide()) call();
        }) {}
  ~Timer() { cancel(); }  // std::jthread joins
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // True: the call will never be made, and this was what prevented it.
  bool cancel() {
    if (!decide()) return false;
    cancelled_.set();
    return true;
  }

 private:
  // The end of the delay and cancel() may come at the same moment: who asks first is told true, and nobody else.
  bool decide() noexcept { return !decided_.exchange(true); }

  Event cancelled_;
  std::atomic<bool> decided_ = false;
  std::jthread thread_;  // last: it uses the others, and joins before they go
};

}  // namespace rookery::worker
