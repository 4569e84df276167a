// worker/pool/bounded_queue.h
//
// A blocking queue between any number of producers and any number of consumers, with room for `capacity` items. The
// bound is the point: a producer that is faster than the consumers is made to wait, or is told, instead of eating
// memory.
//
//     consumer:  while (std::optional<T> item = queue.pop()) handle(*item);   // ends after close(), when all is
//     drained producer:  queue.push(std::move(item));                                 // waits for room
//                if (!queue.try_push(std::move(item))) turn_away(item);       // never waits; refused, the item is
//                intact
//     the end:   queue.close(); then join the consumers; then destroy the queue
//
// Who may call   Any thread may call anything at any time; the queue must outlive the last call. A thread that must not
//                wait (an event loop) uses try_push and try_push_all. They, close and size wait for the mutex alone,
//                and nobody holds that for longer than it takes to move the items.
// Order          First in, first out. Items of one producer leave in the order in which it pushed them.
// close          means: nothing more comes in. Every push fails from then on, and those that wait for room wake and
// fail.
//                What is inside stays and is still handed out; once it is gone, pop returns nothing, to every consumer,
//                for ever. Closing again does nothing.
//
// The mistake everybody makes is to call size() and to act on the answer: it may be out of date before it is returned.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

namespace rookery::worker {

template <class T>
class BoundedQueue final {
 public:
  // Throws std::invalid_argument if capacity is 0: every push would wait for ever.
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {
    if (capacity == 0) throw std::invalid_argument("a bounded queue needs a capacity of at least 1");
  }
  BoundedQueue(const BoundedQueue&) = delete;
  BoundedQueue& operator=(const BoundedQueue&) = delete;

  // Waits for room. False: the queue is closed and the item is gone.
  [[nodiscard]] bool push(T item) {
    {
      std::unique_lock lock(mutex_);
      has_room_.wait(lock, [this] { return closed_ || items_.size() < capacity_; });
      if (closed_) return false;
      items_.push_back(std::move(item));
    }
    has_item_.notify_one();
    return true;
  }

  // Never waits. False: the queue is full or closed, and the item is as it was.
  [[nodiscard]] bool try_push(T&& item) { return try_push_all(std::span(&item, 1)); }

  // Never waits. All of the items go in, one behind the other, or (false) none does and they are as they were.
  [[nodiscard]] bool try_push_all(std::span<T> items) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_ || items.size() > capacity_ - items_.size()) return false;
      for (T& item : items) items_.push_back(std::move(item));
    }
    for (std::size_t i = 0; i < items.size(); ++i) has_item_.notify_one();
    return true;
  }

  // Waits for an item. Empty: the queue is closed and drained.
  [[nodiscard]] std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    has_item_.wait(lock, [this] { return closed_ || !items_.empty(); });
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    lock.unlock();
    has_room_.notify_one();
    return item;
  }

  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    has_room_.notify_all();
    has_item_.notify_all();
  }

  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }

  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;          // guards items_ and closed_
  std::condition_variable has_room_;  // producers in push wait here
  std::condition_variable has_item_;  // consumers in pop wait here
  std::deque<T> items_;               // never more than capacity_
  bool closed_ = false;               // never goes back
};

}  // namespace rookery::worker
