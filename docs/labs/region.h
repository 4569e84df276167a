// docs/labs/region.h
//
// The bare pages of shared memory, seen as a T of your own: made before the fork, written by one process, read by all.
// For what the ready-made ones, ipc/shm/shared_value.h and shared_array.h, do not fit.
//
//     Region<Outbox> region("lab-outbox");
//     start_child([&] { return produce(region.to_write()); });   // the one writer
//     const Outbox& outbox = region.to_read();                   // everybody else
//
// T's bytes are zero at first, no constructor runs: it has atomics and plain numbers only, and no pointers. Writing
// through to_read() is not a matter of manners: the pages are read-only, the process would end.
#pragma once

#include <type_traits>

#include "ipc/shm/segment.h"

namespace rookery::labs {

template <class T>
class Region final {
  static_assert(std::is_standard_layout_v<T>);

 public:
  // `name` is what /proc/PID/maps shows. Throws std::system_error.
  explicit Region(const char* name) : segment_(name, sizeof(T)) {
    shm::reserve_or_throw(segment_, segment_.size_bytes());
  }

  [[nodiscard]] T& to_write() { return *map(own_, segment_.writer_descriptor(), shm::Access::ReadWrite); }
  [[nodiscard]] const T& to_read() { return *map(view_, segment_.reader_descriptor(), shm::Access::ReadOnly); }

 private:
  T* map(shm::Mapping& mapping, int descriptor, shm::Access access) {
    if (mapping.size_bytes() == 0) mapping = shm::Mapping(descriptor, access, segment_.size_bytes());
    return mapping.at<T>(0);
  }

  shm::Segment segment_;
  shm::Mapping own_;
  shm::Mapping view_;
};

}  // namespace rookery::labs
