#include "worker/worker_context.h"

#include <unistd.h>

#include "ipc/os/clock.h"
#include "ipc/os/crash_dump.h"
#include "ipc/os/error_output.h"
#include "ipc/os/errors.h"
#include "ipc/os/process.h"

namespace rookery::worker {

namespace {

shm::Mapping map_reader(const shm::Segment& segment) {
  return {segment.reader_descriptor(), shm::Access::ReadOnly, segment.size_bytes()};
}

// A process that has not turned for so long has been killed by now, and holds no seats: its successor, which would say
// so, may be parked.
constexpr std::int64_t kSeatsHeldMs = 10'000;

void forget(chat::Suspect& suspect) noexcept {
  suspect.clear();
  suspect.fatal.store(0, std::memory_order_relaxed);
}

}  // namespace

WorkerContext::WorkerContext(const WorkerStart& worker_start, const WorkerSettings& worker_settings,
                             chat::SharedState& shared_state)
    : start(worker_start),
      settings(worker_settings),
      loop_settings(shared_state.loops, worker_settings.runtime),
      shared(shared_state),
      own_mapping(shared.worker_regions[start.number].writer_descriptor(), shm::Access::ReadWrite,
                  shared.worker_regions[start.number].size_bytes()),
      log_ring(map_reader(shared.log_ring)),
      ledger_mapping(map_reader(shared.ledger_region)),
      user_mapping(map_reader(shared.user_table)),
      users(user_mapping.data(), user_mapping.size_bytes()) {
  // The pool's threads ring the loops and use no other descriptor: then a worker's only loop shares its table of
  // descriptors with nobody, and each of its system calls on a socket costs less.
  std::vector<int> doorbells;
  for (std::uint32_t loop = 0; loop < shared.loops; ++loop)
    doorbells.push_back(shared.loop_doorbells[shared.slot(start.number, loop)].write_end.get());
  pool.emplace(settings.pool_threads, settings.pool_threads * kQueuedPerPoolThread,
               ThreadPoolOptions{.at_start = [doorbells = std::move(doorbells)] {
                 if (os::leave_descriptors_but(doorbells)) os::leave_error_output();
               }});
  for (const shm::Segment& segment : shared.worker_regions)
    worker_mappings.emplace_back(segment.reader_descriptor(), shm::Access::ReadOnly,
                                 shared.worker_layout.readers_bytes());

  predecessor_epoch = own().header().slot_epoch.load(std::memory_order_acquire);
  for (chat::Suspect& suspect : own().header().pool_suspects) forget(suspect);
  for (std::uint32_t loop = 0; loop < shared.loops; ++loop) forget(own().control(loop).suspect);
}

void WorkerContext::take_over() const noexcept {
  chat::WorkerRegionHeader& header = own().header();
  header.pid.store(static_cast<std::uint64_t>(::getpid()), std::memory_order_relaxed);
  header.slot_epoch.store(start.slot_epoch, std::memory_order_release);
  header.magic.store(chat::WorkerRegionHeader::kMagic, std::memory_order_release);
}

chat::Suspect* WorkerContext::suspect_of_pool_thread() const noexcept {
  thread_local const std::size_t place = next_suspect_.fetch_add(1, std::memory_order_relaxed);
  if (place >= chat::kPoolSuspects) return nullptr;
  chat::Suspect* const suspect = &own().header().pool_suspects[place];
  os::mark_if_this_thread_crashes(&suspect->fatal);
  return suspect;
}

bool WorkerContext::is_vacant(std::uint32_t number) const noexcept {
  // Less: a later life ended before it had written its own.
  return worker(number).header().slot_epoch.load(std::memory_order_acquire) <=
         ledger().slot(shared.slot(number, 0)).vacant_life.load(std::memory_order_acquire);
}

bool WorkerContext::is_alive(std::uint32_t slot) const noexcept {
  if (is_vacant(shared.worker_of(slot))) return false;
  const chat::LoopControl& control = worker(shared.worker_of(slot)).control(shared.loop_of(slot));
  return os::monotonic_ms() - control.heartbeat_ms.load(std::memory_order_relaxed) <= kSeatsHeldMs;
}

std::uint64_t WorkerContext::connections() const noexcept {
  std::uint64_t sum = 0;
  for (std::uint32_t slot = 0; slot < shared.slots(); ++slot)
    if (is_alive(slot))
      sum += worker(shared.worker_of(slot)).control(shared.loop_of(slot)).connections.load(std::memory_order_relaxed);
  return sum;
}

std::uint64_t WorkerContext::connections_from(const Source& source) const noexcept {
  std::uint64_t sum = 0;
  for (std::uint32_t slot = 0; slot < shared.slots(); ++slot)
    if (is_alive(slot)) sum += worker(shared.worker_of(slot)).addresses(shared.loop_of(slot)).count(source.key);
  return sum;
}

std::uint64_t WorkerContext::rooms_made_from(const Source& source) const noexcept {
  std::uint64_t sum = 0;
  for (std::uint32_t slot = 0; slot < shared.slots(); ++slot)
    if (is_alive(slot)) sum += worker(shared.worker_of(slot)).room_makers(shared.loop_of(slot)).count(source.key);
  return sum;
}

std::uint64_t WorkerContext::lobby_members() const noexcept {
  std::uint64_t sum = 0;
  for (std::uint32_t slot = 0; slot < shared.slots(); ++slot)
    if (!is_vacant(shared.worker_of(slot)))
      sum += worker(shared.worker_of(slot)).control(shared.loop_of(slot)).lobby_members.load(std::memory_order_relaxed);
  return sum;
}

}  // namespace rookery::worker
