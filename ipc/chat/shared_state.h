// ipc/chat/shared_state.h
//
// Everything that is made once, by the master, before it forks: the segments and the doorbell pipes. Children inherit
// it, map their own region writable and the others read-only, and close what is not theirs.
#pragma once

#include <cstdint>
#include <vector>

#include "ipc/chat/ledger_region.h"
#include "ipc/chat/master_region.h"
#include "ipc/chat/worker_region.h"
#include "ipc/os/pipe.h"
#include "ipc/shm/segment.h"

namespace rookery::chat {

// What a SharedState is made of, where another program in this process has made it for the same numbers.
struct SharedParts {
  shm::Segment log_ring;
  shm::Segment ledger_region;
  shm::Segment user_table;
  shm::Segment master_region;
  std::vector<shm::Segment> worker_regions;
  os::Pipe ledger_doorbell;
  std::vector<os::Pipe> loop_doorbells;
};

class SharedState final {
 public:
  // `places` for workers, of which the first `used` have all the memory that must never be missing later; of the others
  // only what readers look at whether there is a worker or not. Throws std::system_error when memory or descriptors are
  // short.
  SharedState(std::uint32_t places, std::uint32_t loops_wanted, std::uint32_t max_clients, std::uint32_t used);
  SharedState(std::uint32_t places, std::uint32_t loops_wanted, std::uint32_t max_clients)
      : SharedState(places, loops_wanted, max_clients, places) {}
  SharedState(std::uint32_t places, std::uint32_t loops_wanted, std::uint32_t max_clients, SharedParts parts) noexcept;

  // Before the first start of a worker in a place. Throws std::system_error when memory is short.
  void reserve_place(std::uint32_t worker);

  std::uint32_t workers;  // places for them: not all need have one
  std::uint32_t loops;    // of each worker
  WorkerLayout worker_layout;
  LedgerLayout ledger_layout;
  MasterLayout master_layout;

  shm::Segment log_ring;
  shm::Segment ledger_region;
  shm::Segment user_table;
  shm::Segment master_region;
  std::vector<shm::Segment> worker_regions;

  os::Pipe ledger_doorbell;
  std::vector<os::Pipe> loop_doorbells;  // by slot

  // A slot is a loop, counted over all workers.
  [[nodiscard]] std::uint32_t slots() const noexcept { return workers * loops; }
  [[nodiscard]] std::uint32_t slot(std::uint32_t worker, std::uint32_t loop) const noexcept {
    return worker * loops + loop;
  }
  [[nodiscard]] std::uint32_t worker_of(std::uint32_t slot) const noexcept { return slot / loops; }
  [[nodiscard]] std::uint32_t loop_of(std::uint32_t slot) const noexcept { return slot % loops; }

  // How many session blocks of a loop are worth looking at for the master and the ledger: the view's sessions_in_use(),
  // but no more than have memory, or a wild worker could make them touch pages of the whole layout.
  [[nodiscard]] std::uint32_t sessions_with_memory(const WorkerRegionView& view, std::uint32_t worker,
                                                   std::uint32_t loop) const noexcept;

  // Wakes every process, whether it says that it sleeps or not: for after a death, when a ring may have been lost.
  void ring_everybody() const noexcept;
};

}  // namespace rookery::chat
