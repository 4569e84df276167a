#include "ipc/shm/segment.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/interprocess/exceptions.hpp>
#include <cerrno>
#include <string>
#include <utility>

#include "ipc/os/errors.h"

namespace rookery::shm {

namespace {

// What Boost.Interprocess asks of a memory-mappable object.
struct MemoryHandle {
  boost::interprocess::mapping_handle_t handle;
  [[nodiscard]] boost::interprocess::mapping_handle_t get_mapping_handle() const noexcept { return handle; }
};

// Nobody, a broken writer included, can take pages away under a reader.
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

}  // namespace

Segment::Segment(const std::string& name, std::uint64_t size_bytes) : size_bytes_(page_aligned(size_bytes)) {
  writer_.reset(::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!writer_) os::throw_errno("cannot create the shared region " + name);
  if (::ftruncate(writer_.get(), static_cast<off_t>(size_bytes_)) != 0)
    os::throw_errno("cannot size the shared region " + name);
  if (::fcntl(writer_.get(), F_ADD_SEALS, kSeals) != 0) os::throw_errno("cannot seal the shared region " + name);
  const std::string path = "/proc/self/fd/" + std::to_string(writer_.get());
  reader_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!reader_) os::throw_errno("cannot open the shared region " + name + " for reading");
}

Segment::Segment(os::FileDescriptor writer, os::FileDescriptor reader, std::uint64_t size_bytes) noexcept
    : writer_(std::move(writer)), reader_(std::move(reader)), size_bytes_(page_aligned(size_bytes)) {}

std::optional<std::uint64_t> segment_bytes(int descriptor) noexcept {
  struct stat status {};
  const int seals = ::fcntl(descriptor, F_GET_SEALS);
  if (seals < 0 || (seals & kSeals) != kSeals || ::fstat(descriptor, &status) != 0) return std::nullopt;
  return static_cast<std::uint64_t>(status.st_size);
}

namespace {

boost::interprocess::mapped_region map(int descriptor, Access access, std::uint64_t size_bytes) {
  const auto mode = access == Access::ReadWrite ? boost::interprocess::read_write : boost::interprocess::read_only;
  try {
    return {MemoryHandle{{descriptor, false}}, mode, 0, size_bytes};
  } catch (const boost::interprocess::interprocess_exception& error) {
    errno = error.get_native_error();
    os::throw_errno("cannot map " + std::to_string(size_bytes >> 10) + " KiB of shared memory");
  }
}

}  // namespace

Mapping::Mapping(int descriptor, Access access, std::uint64_t size_bytes)
    : region_(map(descriptor, access, size_bytes)) {
  if (::madvise(region_.get_address(), region_.get_size(), MADV_DONTDUMP) != 0)
    os::throw_errno("cannot keep shared memory out of core dumps");
}

bool reserve(int writer_descriptor, std::uint64_t offset, std::uint64_t bytes) noexcept {
  if (bytes == 0) return true;
  int result;
  do {
    result = ::posix_fallocate(writer_descriptor, static_cast<off_t>(offset), static_cast<off_t>(bytes));
  } while (result == EINTR);
  errno = result;
  return result == 0;
}

bool release(int writer_descriptor, std::uint64_t offset, std::uint64_t bytes) noexcept {
  if (bytes == 0) return true;
  int result = 0;
  do {
    result = ::fallocate(writer_descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                         static_cast<off_t>(bytes));
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

void reserve_or_throw(const Segment& segment, std::uint64_t bytes) {
  if (!reserve(segment.writer_descriptor(), 0, bytes))
    os::throw_errno("not enough shared memory for " + std::to_string(bytes >> 10) + " KiB");
}

std::uint64_t written_bytes(int descriptor, std::uint64_t offset, std::uint64_t bytes) noexcept {
  // Reserved pages count as a hole until something is in them. The position that moves is nobody's.
  const off_t hole = ::lseek(descriptor, static_cast<off_t>(offset), SEEK_HOLE);
  if (hole < 0) return 0;
  return std::min(static_cast<std::uint64_t>(hole) - offset, bytes);
}

}  // namespace rookery::shm
