// worker/worker_context.h
//
// What all event loops of a worker share: the mapped regions, the settings, the user table, the thread pool. Made
// before the loops' threads, constant while they run, but for each loop's runtime settings.
#pragma once

#include <atomic>
#include <optional>
#include <string_view>
#include <vector>

#include "ipc/chat/shared_state.h"
#include "ipc/shm/log_ring.h"
#include "ipc/shm/name_table.h"
#include "worker/limits/source.h"
#include "worker/pool/thread_pool.h"
#include "worker/worker_process.h"

namespace rookery::worker {

// Can what clients say be ordered and stored?
enum class Storing : unsigned char {
  Works,       // or is about to: a ledger that was just killed is back within half a second, and nobody is told
  Fails,       // the disk is full or failing: ordered and shown, not stored; the ledger tries on
  LedgerAway,  // read-only mode, the master says
};
// Hashes and counts that wait for a pool thread, for each of them: at 17 ms a hash the last one waits some nine
// seconds. Beyond that a client is told that the server is busy.
inline constexpr std::size_t kQueuedPerPoolThread = 512;

class WorkerContext final {
 public:
  // Takes the worker's region over from a dead predecessor: the outboxes go on where the ledger has taken them.
  WorkerContext(const WorkerStart& start, const WorkerSettings& settings, chat::SharedState& shared);

  WorkerStart start;
  std::uint64_t predecessor_epoch = 0;  // of the life before in this slot; 0: none
  WorkerSettings settings;
  std::vector<chat::RuntimeSettings> loop_settings;  // by loop: changed and read in that loop's turns only
  chat::SharedState& shared;

  shm::Mapping own_mapping;
  shm::Mapping log_ring;
  shm::Mapping ledger_mapping;
  shm::Mapping user_mapping;
  std::vector<shm::Mapping> worker_mappings;  // read-only, our own too
  shm::NameTableReader users;
  std::atomic<bool> ledger_away = false;  // as the master said last
  std::atomic<bool> abandoned = false;    // the worker ends: jobs that nobody waits for any more return at once
  std::optional<ThreadPool> pool;         // ends before the loops' mailboxes do

  [[nodiscard]] chat::WorkerRegionView own() const noexcept { return {own_mapping, shared.worker_layout}; }
  [[nodiscard]] chat::WorkerRegionView worker(std::uint32_t number) const noexcept {
    return {worker_mappings[number], shared.worker_layout};
  }
  [[nodiscard]] chat::LedgerRegionView ledger() const noexcept { return {ledger_mapping, shared.ledger_layout}; }
  [[nodiscard]] std::string_view epoch() const noexcept { return ledger().epoch(); }
  [[nodiscard]] shm::LogRingReader ring_reader() const { return {log_ring.data(), log_ring.size_bytes()}; }

  [[nodiscard]] Storing storing() const noexcept {
    if (ledger_away.load(std::memory_order_relaxed)) return Storing::LedgerAway;
    return ledger().header().store_failing.load(std::memory_order_seq_cst) != 0 ? Storing::Fails : Storing::Works;
  }

  // Any thread may post to the pool.
  [[nodiscard]] ThreadPool& pool_of() const noexcept { return const_cast<ThreadPool&>(*pool); }

  // In a thread of the pool: where it notes whose job it does. Null where there are more threads than places.
  [[nodiscard]] chat::Suspect* suspect_of_pool_thread() const noexcept;

  // The slot is this process's from here on. REQUIRES: its outboxes are, see WorkerRegionHeader.
  void take_over() const noexcept;

  // Over all loops of all workers.
  [[nodiscard]] std::uint64_t connections() const noexcept;
  [[nodiscard]] std::uint64_t lobby_members() const noexcept;
  [[nodiscard]] std::uint64_t connections_from(const Source& source) const noexcept;
  [[nodiscard]] std::uint64_t rooms_made_from(const Source& source) const noexcept;

  // Nobody sits in that worker's region: it has had no life, or its clients have gone elsewhere.
  [[nodiscard]] bool is_vacant(std::uint32_t worker) const noexcept;

 private:
  [[nodiscard]] bool is_alive(std::uint32_t slot) const noexcept;

  mutable std::atomic<std::size_t> next_suspect_ = 0;
};

}  // namespace rookery::worker
