#include "master/supervisor/master_book.h"

#include <sys/mman.h>

#include <algorithm>

#include "ipc/os/clock.h"
#include "ipc/os/errors.h"

namespace rookery::master {

MasterBook::MasterBook(const chat::SharedState& state)
    : layout_(state.master_layout),
      mapping_(state.master_region.writer_descriptor(), shm::Access::ReadWrite, layout_.total_bytes()) {
  if (::madvise(mapping_.data(), mapping_.size_bytes(), MADV_DONTFORK) != 0)
    os::throw_errno("cannot keep a mapping from children");
  chat::MasterRegionHeader& region = header();
  if (region.magic.load(std::memory_order_relaxed) == chat::MasterRegionHeader::kMagic) return;
  chat::set(region.started_ms, static_cast<std::uint64_t>(std::max<std::int64_t>(os::realtime_ms(), 0)));
  region.magic.store(chat::MasterRegionHeader::kMagic, std::memory_order_release);
}

void MasterBook::restarted(chat::ProcessRole role, chat::EndCause why) noexcept {
  chat::count(header().restarts[static_cast<std::size_t>(role)][static_cast<std::size_t>(why)]);
}

void MasterBook::paused(std::chrono::microseconds how_long) noexcept {
  const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(how_long.count(), 0));
  header().pause_us.add(us);
  chat::set(header().longest_pause_us, std::max(us, chat::value_of(header().longest_pause_us)));
}

}  // namespace rookery::master
