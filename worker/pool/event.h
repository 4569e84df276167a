// worker/pool/event.h
//
// News that any number of threads may wait for, told by one: threading.Event of Python.
//
//     Event ready;
//     waiters:  ready.wait();                           // returns at once if it has been set
//               if (!ready.wait_for(100ms)) give_up();  // false: not set in that time
//     teller:   ready.set();                            // all who wait go on, and all who come later
//
// It stays set until somebody clears it. That is the difference to a bare condition variable, whose notify is lost if
// nobody waits at that moment.
//
// Who may call   Any thread may call anything at any time. A waiter that has come back may destroy the event at once.
// Order          Whatever the teller wrote before set(), those whom it lets go on see.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace rookery::worker {

class Event final {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void set() {
    const std::lock_guard lock(mutex_);
    set_ = true;
    changed_.notify_all();  // within the lock: no waiter can leave, and destroy us, before we are done
  }

  // Who is on the way out of a wait goes on; who comes now waits for the next set().
  void clear() {
    const std::lock_guard lock(mutex_);
    set_ = false;
  }

  [[nodiscard]] bool is_set() const {
    const std::lock_guard lock(mutex_);
    return set_;
  }

  void wait() const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return set_; });
  }

  // False: the time is over and it is not set.
  [[nodiscard]] bool wait_for(std::chrono::milliseconds time) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, time, [this] { return set_; });
  }

 private:
  mutable std::mutex mutex_;  // guards set_
  mutable std::condition_variable changed_;
  bool set_ = false;
};

}  // namespace rookery::worker
