// master/supervisor/regions.h
//
// What the master sees of the shared regions: heartbeats, counters, and session blocks for `list`. All of it was
// written by others, so nothing here is used as an index or a pointer, every number is bounded and text is made
// harmless before anybody reads it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ipc/chat/control_message.h"
#include "ipc/chat/shared_state.h"
#include "master/console/rows.h"

namespace rookery::master {

class Regions final {
 public:
  // Maps them read-only. The mappings are not handed down to children. Throws where that fails.
  explicit Regions(const chat::SharedState& state);

  // Of the loop that beat the longest ago.
  [[nodiscard]] std::chrono::milliseconds worker_heartbeat_age(std::uint32_t worker, std::int64_t started_ms,
                                                               std::int64_t now_ms) const noexcept;
  [[nodiscard]] std::chrono::milliseconds ledger_heartbeat_age(std::int64_t started_ms,
                                                               std::int64_t now_ms) const noexcept;

  [[nodiscard]] chat::StoreFailure store_failure() const noexcept {
    return static_cast<chat::StoreFailure>(ledger().header().store_failing.load(std::memory_order_relaxed));
  }

  [[nodiscard]] std::uint64_t newest_seq() const noexcept {
    return ledger().header().newest_seq.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t bans() const noexcept { return ledger().header().bans.load(std::memory_order_relaxed); }
  [[nodiscard]] std::string epoch() const;  // empty: the ledger has not said yet

  // Messages that the worker has put into sockets since it started.
  [[nodiscard]] std::uint64_t deliveries(std::uint32_t worker) const noexcept;

  // Bytes that the worker's clients have taken: it grows when a command is answered or a message delivered.
  [[nodiscard]] std::uint64_t bytes_given(std::uint32_t worker) const noexcept;

  // Words the ledger has still to take from the worker's outboxes.
  [[nodiscard]] std::uint64_t outbox_depth_words(std::uint32_t worker) const noexcept;

  // At whose line a thread was.
  struct SuspectClient {
    chat::SourceAddress address;
    std::uint64_t client = 0;

    friend bool operator==(const SuspectClient&, const SuspectClient&) = default;
  };
  enum class Death : unsigned char {
    Crashed,  // the thread has marked whose line it was at
    Hung,
    Unmarked,  // by the sandbox: no handler has run
  };
  // Of a worker that has crashed in the life `slot_epoch` and is reaped: at whose line the thread was that crashed. If
  // none says so, a signal came from elsewhere, and it was nobody's; where crashes are not marked everybody's. Where it
  // hung: of the loops that did not beat any more. Unmarked: of all threads. Of one that ended before it had taken the
  // region over: nobody's.
  [[nodiscard]] std::vector<SuspectClient> suspects(std::uint32_t worker, std::uint64_t slot_epoch, Death death,
                                                    std::int64_t started_ms, std::int64_t now_ms) const;

  [[nodiscard]] std::uint64_t count_clients(std::uint32_t worker) const noexcept;
  // All that its blocks show, or those of them that `shows` wants.
  using Shows = std::function<bool(chat::Place, std::uint64_t client)>;
  void add_clients(std::uint32_t worker, std::vector<ClientRow>& rows, const Shows& shows = {}) const;

 private:
  [[nodiscard]] chat::WorkerRegionView view(std::uint32_t worker) const noexcept {
    return {worker_mappings_[worker], state_.worker_layout};
  }
  [[nodiscard]] chat::SessionLogin login_of(const chat::SessionStream& stream) const;
  [[nodiscard]] chat::LedgerRegionView ledger() const noexcept { return {ledger_mapping_, state_.ledger_layout}; }

  const chat::SharedState& state_;
  shm::Mapping ledger_mapping_;  // up to the rooms
  shm::Mapping user_mapping_;
  std::vector<shm::Mapping> worker_mappings_;
};

}  // namespace rookery::master
