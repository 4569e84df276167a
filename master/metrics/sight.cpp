#include "master/metrics/sight.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>

#include "master/supervisor/heartbeat.h"

namespace rookery::metrics {

namespace {
shm::Mapping map(const shm::Segment& segment, std::uint64_t bytes) {
  return {segment.reader_descriptor(), shm::Access::ReadOnly, bytes};
}
}  // namespace

Sight::Sight(const chat::SharedState& state, int data_directory)
    : state_(state),
      data_directory_(data_directory),
      master_(map(state.master_region, state.master_layout.total_bytes())),
      ledger_(map(state.ledger_region, state.ledger_layout.rooms())),
      ring_(map(state.log_ring, sizeof(shm::LogRingHeader))) {
  for (const shm::Segment& region : state.worker_regions)
    workers_.push_back(map(region, state.worker_layout.outbox_words(0)));
}

chat::ProcessState Sight::state_of(std::uint32_t entry) const noexcept {
  const std::uint64_t state = chat::value_of(master().entry(entry).state);
  return state < chat::kProcessStates ? static_cast<chat::ProcessState>(state) : chat::ProcessState::Absent;
}

std::optional<std::int64_t> Sight::heartbeat_age_ms(std::uint32_t entry, std::int64_t now_ms) const noexcept {
  if (chat::value_of(master().entry(entry).pid) == 0) return std::nullopt;
  const auto started_ms = static_cast<std::int64_t>(chat::value_of(master().entry(entry).started_ms));
  const auto age = [&](const std::atomic<std::int64_t>& beat) {
    return master::heartbeat_age(beat.load(std::memory_order_relaxed), started_ms, now_ms).count();
  };
  if (entry == 0) return age(ledger().header().heartbeat_ms);
  std::int64_t oldest = 0;
  for (std::uint32_t loop = 0; loop < loops(); ++loop)
    oldest = std::max<std::int64_t>(oldest, age(worker(entry - 1).control(loop).heartbeat_ms));
  return oldest;
}

bool Sight::was_used(std::uint32_t number) const noexcept {
  return worker(number).header().slot_epoch.load(std::memory_order_acquire) != 0;
}

bool Sight::has_its_clients(std::uint32_t number) const noexcept {
  return worker(number).header().slot_epoch.load(std::memory_order_acquire) >
         ledger().slot(slot(number, 0)).vacant_life.load(std::memory_order_acquire);
}

std::optional<std::uint64_t> Sight::free_bytes() const noexcept {
  struct statvfs status {};
  if (::fstatvfs(data_directory_, &status) != 0) return std::nullopt;
  return std::uint64_t{status.f_bavail} * status.f_frsize;
}

std::uint64_t Sight::file_bytes(const char* name) const noexcept {
  struct stat status {};
  if (::fstatat(data_directory_, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return 0;
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace rookery::metrics
