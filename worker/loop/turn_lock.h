// worker/loop/turn_lock.h
//
// The lock under which clients' threads take turns with their loop (worker/loop/client_threads.h). The loop goes first:
// while it waits nobody else gets the lock, however many clients want it. A std::mutex gives it to whoever asks at the
// right moment: 1,900 clients that sent without a pause kept the loop waiting for five seconds, and the master took its
// worker for hung.
//
// Who may use it  lock_first(): the loop's own thread. lock(): any other. Whoever has it calls unlock().
#pragma once

#include <condition_variable>
#include <mutex>

namespace rookery::worker {

class TurnLock final {
 public:
  void lock_first() {
    std::unique_lock state(state_);
    loop_waits_ = true;
    for_loop_.wait(state, [&] { return !taken_; });
    loop_waits_ = false;
    taken_ = true;
  }

  void lock() {
    std::unique_lock state(state_);
    for_others_.wait(state, [&] { return !taken_ && !loop_waits_; });
    taken_ = true;
  }

  void unlock() {
    bool to_loop;
    {
      const std::lock_guard state(state_);
      taken_ = false;
      to_loop = loop_waits_;
    }
    if (to_loop)
      for_loop_.notify_one();
    else
      for_others_.notify_one();
  }

 private:
  std::mutex state_;  // of what follows; held for some nanoseconds
  std::condition_variable for_loop_;
  std::condition_variable for_others_;
  bool taken_ = false;
  bool loop_waits_ = false;
};

// The loop's own turn, to the end of the scope. Without a lock there is nobody to share with.
class LoopTurn final {
 public:
  explicit LoopTurn(TurnLock* lock) : lock_(lock) { take(); }
  ~LoopTurn() { give(); }
  LoopTurn(const LoopTurn&) = delete;
  LoopTurn& operator=(const LoopTurn&) = delete;

  // For the time that the loop sleeps.
  void give() {
    if (lock_ != nullptr) lock_->unlock();
  }
  void take() {
    if (lock_ != nullptr) lock_->lock_first();
  }

 private:
  TurnLock* lock_;
};

}  // namespace rookery::worker
