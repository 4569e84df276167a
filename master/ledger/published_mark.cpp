#include "master/ledger/published_mark.h"

#include <fcntl.h>

#include <algorithm>

#include "ipc/os/errors.h"
#include "ipc/os/file_descriptor.h"

namespace rookery::ledger {

namespace {

constexpr std::size_t kPageBytes = 4096;

struct MemoryHandle {
  boost::interprocess::mapping_handle_t handle;
  [[nodiscard]] boost::interprocess::mapping_handle_t get_mapping_handle() const noexcept { return handle; }
};

boost::interprocess::mapped_region map(const std::filesystem::path& file) {
  const os::FileDescriptor descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!descriptor) os::throw_errno("cannot open " + file.string());
  // With pages of its own on the disk a write to the mapping can never fail for lack of room.
  const int result = ::posix_fallocate(descriptor.get(), 0, kPageBytes);
  if (result != 0) {
    errno = result;
    os::throw_errno("cannot reserve a page for " + file.string());
  }
  return {MemoryHandle{{descriptor.get(), false}}, boost::interprocess::read_write, 0, kPageBytes};
}

}  // namespace

PublishedMark::PublishedMark(const std::filesystem::path& directory) : region_(map(directory / "published")) {}

std::uint64_t PublishedMark::published(std::string_view epoch) const noexcept {
  const Page& mark = page();
  if (mark.magic != Page::kMagic || std::string_view(mark.epoch, sizeof mark.epoch) != epoch) return 0;
  return mark.seq.load(std::memory_order_relaxed);
}

std::uint64_t PublishedMark::durable(std::string_view epoch) const noexcept {
  const Page& mark = page();
  if (mark.magic != Page::kMagic || std::string_view(mark.epoch, sizeof mark.epoch) != epoch) return 0;
  return mark.durable.load(std::memory_order_relaxed);
}

void PublishedMark::begin(std::string_view epoch, std::uint64_t seq) noexcept {
  Page& mark = page();
  mark.magic = 0;  // who dies in here leaves a mark that knows nothing, of an epoch in which nothing is published yet
  std::copy_n(epoch.begin(), std::min(epoch.size(), sizeof mark.epoch), mark.epoch);
  mark.seq.store(seq, std::memory_order_relaxed);
  mark.durable.store(seq, std::memory_order_relaxed);
  mark.magic = Page::kMagic;
}

}  // namespace rookery::ledger
