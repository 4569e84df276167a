// ipc/shm/shared_value.h
//
// One value that processes share, of several words if need be, which changes as one: whoever looks, at whatever moment
// and whoever has died, finds the value before a change or after it.
//
//     struct Progress { std::uint64_t count = 0, sum = 0; };
//     SharedValue<Progress> progress("progress");           // before the fork; all 0
//     Process child = Process::spawn([&] {
//       auto mine = progress.writer();                      // in the one process that changes it
//       Progress next = mine.load();
//       next.count += 1;                                    // a copy of our own: nobody sees half a change
//       next.sum += 9;
//       mine.store(next);                                   // now everybody sees all of it
//       return 0;
//     });
//     progress.reader().load()->sum;                        // in any other
//
// The mistake everybody makes is to keep two things that must agree in two values. What changes together belongs into
// one.
//
// Who may write   A thread of the one process that calls writer(). All others call reader(), and the kernel refuses
//                 their stores. There is no lock.
// Bytes           A CommittedValue at the start of its region (committed_value.h): two copies and the word that says
//                 which one counts.
// Memory order
//   commit  a store is released, a load acquires: who loads a value also sees all that its writer stored before, such
//           as the elements of a SharedArray.
// When a process dies
//   the writer  leaves the value before the change or after it. A successor calls writer() and goes on from there.
//   a reader    leaves no trace.
//   the last    takes the memory with it; nothing is left in /dev/shm.
#pragma once

#include <optional>
#include <string>

#include "ipc/shm/committed_value.h"
#include "ipc/shm/segment.h"

namespace rookery::shm {

// T is trivially copyable, of whole words of 8 bytes.
template <class T>
class SharedValue final {
  using Value = CommittedValue<T>;

 public:
  // The value seen by a process that only looks. Lives on without the SharedValue.
  class Reader final {
   public:
    // Empty only when the writer is alive and changes the value faster than it can be copied.
    [[nodiscard]] std::optional<T> load() const noexcept { return memory_.at<const Value>(0)->load(); }

   private:
    friend class SharedValue;
    explicit Reader(int descriptor) : memory_(descriptor, Access::ReadOnly, sizeof(Value)) {}

    Mapping memory_;
  };

  class Writer final {
   public:
    [[nodiscard]] T load() const noexcept { return memory_.at<const Value>(0)->load_own(); }
    void store(const T& value) noexcept { memory_.at<Value>(0)->store(value); }

   private:
    friend class SharedValue;
    explicit Writer(int descriptor) : memory_(descriptor, Access::ReadWrite, sizeof(Value)) {}

    Mapping memory_;
  };

  // All bytes of the value are 0. `name` is what /proc/PID/maps shows, as memfd:NAME. Throws std::system_error when
  // memory is short.
  explicit SharedValue(const std::string& name) : segment_(name, sizeof(Value)) {
    reserve_or_throw(segment_, segment_.size_bytes());
  }

  // Both throw std::system_error.
  [[nodiscard]] Writer writer() const { return Writer(segment_.writer_descriptor()); }
  [[nodiscard]] Reader reader() const { return Reader(segment_.reader_descriptor()); }

 private:
  Segment segment_;
};

}  // namespace rookery::shm
