#include "ipc/chat/shared_state.h"

#include <algorithm>
#include <utility>

#include "ipc/os/errors.h"
#include "ipc/shm/log_ring.h"
#include "ipc/shm/name_table.h"

namespace rookery::chat {

namespace {

void ring(const os::Pipe& bell) noexcept {
  const shm::SleepWord nobody{0};
  shm::DoorbellRinger(nobody, bell.write_end.get()).ring();
}

}  // namespace

SharedState::SharedState(std::uint32_t places, std::uint32_t loops_wanted, std::uint32_t max_clients,
                         std::uint32_t used)
    : workers(places),
      loops(loops_wanted),
      worker_layout(loops, max_clients),
      ledger_layout(workers * loops),
      master_layout(workers),
      log_ring("rookery-log", shm::log_ring_bytes(kLogRingWords)),
      ledger_region("rookery-ledger", ledger_layout.total_bytes()),
      user_table("rookery-users", shm::name_table_bytes(kMaxAccounts)),
      master_region("rookery-master", master_layout.total_bytes()),
      ledger_doorbell(os::make_pipe()) {
  shm::reserve_or_throw(log_ring, log_ring.size_bytes());
  shm::reserve_or_throw(ledger_region, ledger_layout.inbox_words(0));
  shm::reserve_or_throw(master_region, master_region.size_bytes());
  for (std::uint32_t worker = 0; worker < workers; ++worker) {
    worker_regions.emplace_back("rookery-worker-" + std::to_string(worker), worker_layout.total_bytes());
    shm::reserve_or_throw(worker_regions.back(), worker_layout.outbox_words(0));
    if (worker < used) reserve_place(worker);
  }
  for (std::uint32_t slot = 0; slot < slots(); ++slot) loop_doorbells.push_back(os::make_pipe());
}

SharedState::SharedState(std::uint32_t places, std::uint32_t loops_wanted, std::uint32_t max_clients,
                         SharedParts parts) noexcept
    : workers(places),
      loops(loops_wanted),
      worker_layout(loops, max_clients),
      ledger_layout(workers * loops),
      master_layout(workers),
      log_ring(std::move(parts.log_ring)),
      ledger_region(std::move(parts.ledger_region)),
      user_table(std::move(parts.user_table)),
      master_region(std::move(parts.master_region)),
      worker_regions(std::move(parts.worker_regions)),
      ledger_doorbell(std::move(parts.ledger_doorbell)),
      loop_doorbells(std::move(parts.loop_doorbells)) {}

void SharedState::reserve_place(std::uint32_t worker) {
  shm::reserve_or_throw(worker_regions[worker], worker_layout.reserved_bytes());
  const std::uint64_t inboxes = ledger_layout.inbox_words(slot(worker, 0));
  if (!shm::reserve(ledger_region.writer_descriptor(), inboxes, std::uint64_t{loops} * kInboxWords * 8))
    os::throw_errno("cannot get shared memory for the inboxes of worker " + std::to_string(worker));
}

std::uint32_t SharedState::sessions_with_memory(const WorkerRegionView& view, std::uint32_t worker,
                                                std::uint32_t loop) const noexcept {
  constexpr std::uint64_t kBlock = sizeof(SessionBlock);
  const std::uint32_t claimed = view.sessions_in_use(loop);
  const std::uint64_t written =
      shm::written_bytes(worker_regions[worker].reader_descriptor(), worker_layout.sessions(loop), claimed * kBlock);
  // Rounded up: the end of the newest block may lie in a page of its own with nothing in it yet.
  return std::min(claimed, static_cast<std::uint32_t>((written + kBlock - 1) / kBlock));
}

void SharedState::ring_everybody() const noexcept {
  ring(ledger_doorbell);
  for (const auto& bell : loop_doorbells) ring(bell);
}

}  // namespace rookery::chat
