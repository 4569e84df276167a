// master/metrics/sight.h
//
// What the exporter sees: the shared regions, read-only, and the data directory's file system.
//
// All of it was written by others. A worker that has run wild can write any number into its own region, so nothing here
// is used as an index before it is bounded; as a metric, a wrong number stays a wrong number.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ipc/chat/shared_state.h"
#include "ipc/shm/log_ring.h"

namespace rookery::metrics {

class Sight final {
 public:
  // Maps the regions; their descriptors may be closed afterwards. Throws std::system_error.
  Sight(const chat::SharedState& state, int data_directory);

  [[nodiscard]] std::uint32_t places() const noexcept { return state_.workers; }
  [[nodiscard]] std::uint32_t loops() const noexcept { return state_.loops; }
  [[nodiscard]] std::uint32_t slot(std::uint32_t worker, std::uint32_t loop) const noexcept {
    return state_.slot(worker, loop);
  }

  [[nodiscard]] chat::MasterRegionView master() const noexcept { return {master_, state_.master_layout}; }
  [[nodiscard]] chat::LedgerRegionView ledger() const noexcept { return {ledger_, state_.ledger_layout}; }
  [[nodiscard]] const shm::LogRingHeader& ring() const noexcept { return *ring_.at<const shm::LogRingHeader>(0); }
  // Only what lies before the outboxes is mapped.
  [[nodiscard]] chat::WorkerRegionView worker(std::uint32_t number) const noexcept {
    return {workers_[number], state_.worker_layout};
  }

  // As the master has it; 0 is the ledger, 1 + n worker n.
  [[nodiscard]] chat::ProcessState state_of(std::uint32_t entry) const noexcept;
  // Of the loop that beat the longest ago. Empty: the process is not there.
  [[nodiscard]] std::optional<std::int64_t> heartbeat_age_ms(std::uint32_t entry, std::int64_t now_ms) const noexcept;

  // Somebody has worked in that place since the server started.
  [[nodiscard]] bool was_used(std::uint32_t worker) const noexcept;
  // The clients that its region shows are its own: nobody else has carried them on.
  [[nodiscard]] bool has_its_clients(std::uint32_t worker) const noexcept;

  [[nodiscard]] std::optional<std::uint64_t> free_bytes() const noexcept;
  // Of a file in the data directory; 0: there is none.
  [[nodiscard]] std::uint64_t file_bytes(const char* name) const noexcept;

 private:
  const chat::SharedState& state_;
  int data_directory_;
  shm::Mapping master_;
  shm::Mapping ledger_;  // up to the rooms
  shm::Mapping ring_;    // its header
  std::vector<shm::Mapping> workers_;
};

}  // namespace rookery::metrics
