// ipc/shm/shared_array.h
//
// An array that processes share: one fills it, the others look.
//
//     SharedArray<std::uint64_t> squares("squares", 10);      // before the fork; all 0
//     Process child = Process::spawn([&] {
//       auto mine = squares.writer();                         // in the one process that fills it
//       for (std::uint64_t i = 0; i < mine.size(); ++i) mine.store(i, i * i);
//       return 0;
//     });
//     ... wait for the child, or for a SharedValue that says how far it is ...
//     squares.reader().load(3);                               // in any other
//
// The mistake everybody makes is to read an element because time has passed. A 0 may mean "not yet": let the writer say
// how many are there, in a shared_value.h that it stores behind them.
//
// Elements        Whatever fits into one atomic word without a lock: integers, doubles, enumerations, bool. One that
//                 holds more is a SharedValue.
// Who may write   Each element has one writer: a thread of the process that calls writer(). All others call reader(),
//                 and the kernel refuses their stores: there is no lock, as nobody could be in anybody's way. (Two
//                 processes can each have elements of their own in one array, or both add() to one. But then either can
//                 harm the other's, and they wait for each other's cache lines: docs/labs/false-sharing.md. Give each
//                 an array.)
// Memory order
//   element  a store or add is released, a load acquires: who loads an element also sees all that its writer stored
//            before.
// When a process dies
//   the writer  leaves every element as its last finished store made it; none is torn, none locked. A successor calls
//               writer() and goes on from what it loads.
//   a reader    leaves no trace.
//   the last    takes the memory with it; nothing is left in /dev/shm.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <type_traits>

#include "ipc/os/errors.h"
#include "ipc/shm/segment.h"

namespace rookery::shm {

template <class T>
class SharedArray final {
  static_assert(std::is_trivially_copyable_v<T> && std::atomic<T>::is_always_lock_free, "readers may only load");
  using Element = std::atomic<T>;
  static constexpr std::uint64_t kNoSize = std::uint64_t{1} << 63;  // no region is that large

 public:
  // The array seen by a process that only looks. Lives on without the SharedArray.
  class Reader {
   public:
    // REQUIRES: index < size().
    [[nodiscard]] T load(std::uint64_t index) const noexcept {
      return element(index).load(std::memory_order_acquire);  // element
    }
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

   protected:
    friend class SharedArray;
    Reader(int descriptor, Access access, std::uint64_t size)
        : memory_(descriptor, access, size * sizeof(Element)), size_(size) {}

    [[nodiscard]] Element& element(std::uint64_t index) const noexcept {
      ROOKERY_INVARIANT(index < size_);
      return memory_.at<Element>(0)[index];
    }

   private:
    Mapping memory_;
    std::uint64_t size_;
  };

  class Writer final : public Reader {
   public:
    // REQUIRES: index < size().
    void store(std::uint64_t index, T value) noexcept {
      this->element(index).store(value, std::memory_order_release);  // element
    }

    // In one step; returns what was there before. REQUIRES: index < size().
    T add(std::uint64_t index, T amount) noexcept requires std::is_integral_v<T> {
      return this->element(index).fetch_add(amount, std::memory_order_acq_rel);  // element
    }

   private:
    using Reader::Reader;
    friend class SharedArray;
  };

  // All elements are 0 and have their memory. `name` is what /proc/PID/maps shows, as memfd:NAME. Throws
  // std::system_error when memory is short.
  // REQUIRES: size > 0.
  SharedArray(const std::string& name, std::uint64_t size)
      : segment_(name, size < kNoSize / sizeof(Element) ? size * sizeof(Element) : kNoSize), size_(size) {
    ROOKERY_INVARIANT(size > 0);
    reserve_or_throw(segment_, segment_.size_bytes());
  }

  // Both throw std::system_error.
  [[nodiscard]] Writer writer() const { return {segment_.writer_descriptor(), Access::ReadWrite, size_}; }
  [[nodiscard]] Reader reader() const { return {segment_.reader_descriptor(), Access::ReadOnly, size_}; }

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

 private:
  Segment segment_;
  std::uint64_t size_;
};

}  // namespace rookery::shm
