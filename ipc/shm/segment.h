// ipc/shm/segment.h
//
// A region of shared memory: a memfd, mapped writable by exactly one process and read-only by all others.
//
// The creator (the master, before it forks) makes the segment. After the fork each process maps what it needs: the one
// writer from writer_descriptor(), everybody else from reader_descriptor(), which the kernel opened read-only, so that
// not even mprotect can make a reader's mapping writable. A child closes the writer descriptors of regions not its own.
//
// Size and pages   A segment may be larger than the memory it uses. reserve() gives part of it real pages; touching a
//                  part not reserved could end in SIGBUS when memory is short, so nothing may be touched before.
//                  Reserved pages are zero.
// When a process dies  the memory stays as it was, as long as one process (the master) holds a descriptor. With the
// last
//                  process it goes away; nothing is left in /dev/shm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <boost/interprocess/mapped_region.hpp>

#include "ipc/os/file_descriptor.h"

namespace rookery::shm {

class Segment final {
 public:
  // `name` is what /proc/PID/maps shows, as memfd:NAME. Throws std::system_error.
  Segment(const std::string& name, std::uint64_t size_bytes);
  // One that was made before, by another program in this process. REQUIRES: segment_bytes() of both is `size_bytes`,
  // rounded up to whole pages.
  Segment(os::FileDescriptor writer, os::FileDescriptor reader, std::uint64_t size_bytes) noexcept;

  [[nodiscard]] int writer_descriptor() const noexcept { return writer_.get(); }
  [[nodiscard]] int reader_descriptor() const noexcept { return reader_.get(); }
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_bytes_; }

 private:
  os::FileDescriptor writer_;
  os::FileDescriptor reader_;
  std::uint64_t size_bytes_;
};

enum class Access : unsigned char { ReadOnly, ReadWrite };

// A segment, or its first `size_bytes`, mapped into this process. A core dump of the process leaves it out: there are
// messages, password hashes and input in the regions.
class Mapping final {
 public:
  Mapping() = default;
  // Throws std::system_error.
  Mapping(int descriptor, Access access, std::uint64_t size_bytes);

  [[nodiscard]] std::byte* data() const noexcept { return static_cast<std::byte*>(region_.get_address()); }
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return region_.get_size(); }

  // REQUIRES: offset + sizeof(T) <= size_bytes().
  template <class T>
  [[nodiscard]] T* at(std::uint64_t offset) const noexcept {
    return reinterpret_cast<T*>(data() + offset);
  }

 private:
  boost::interprocess::mapped_region region_;
};

// The size of the segment behind a descriptor; empty: there is none, or it could still change.
[[nodiscard]] std::optional<std::uint64_t> segment_bytes(int descriptor) noexcept;

// Gives [offset, offset + bytes) of the memfd real, zeroed pages; pages that have some keep them. False with errno
// (ENOSPC, ENOMEM) when memory is short. Only the segment's writer calls it.
[[nodiscard]] bool reserve(int writer_descriptor, std::uint64_t offset, std::uint64_t bytes) noexcept;

// The same for the first `bytes`, at start-up: throws std::system_error when memory is short.
void reserve_or_throw(const Segment& segment, std::uint64_t bytes);

// The way back: the contents of [offset, offset + bytes) are zero from now on, and its whole pages are the system's
// again. False with errno. Only the segment's writer calls it, and nobody may touch the range before it is reserved
// again.
[[nodiscard]] bool release(int writer_descriptor, std::uint64_t offset, std::uint64_t bytes) noexcept;

// How many of the `bytes` from `offset` on lie before the first page that nobody has ever written. For readers that
// cannot believe what a writer says of its region: they touch no page that was never reserved. One system call; 0 where
// the kernel cannot tell.
[[nodiscard]] std::uint64_t written_bytes(int descriptor, std::uint64_t offset, std::uint64_t bytes) noexcept;

// Rounded up to whole pages.
[[nodiscard]] constexpr std::uint64_t page_aligned(std::uint64_t bytes) noexcept {
  constexpr std::uint64_t kPage = 4096;
  return (bytes + kPage - 1) / kPage * kPage;
}

}  // namespace rookery::shm
