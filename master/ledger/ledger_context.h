// master/ledger/ledger_context.h
//
// The ledger's view of the shared regions, mapped once at its start: its own writable, those of the workers read-only.
#pragma once

#include <vector>

#include "ipc/chat/shared_state.h"
#include "ipc/shm/log_ring.h"
#include "ipc/shm/name_table.h"
#include "master/ledger/calendar.h"

namespace rookery::ledger {

class LedgerContext final {
 public:
  explicit LedgerContext(chat::SharedState& shared);

  chat::SharedState& shared;
  shm::Mapping log_ring;
  shm::Mapping ledger_region;
  shm::Mapping user_table;
  std::vector<shm::Mapping> worker_regions;
  Calendar calendar;

  [[nodiscard]] chat::LedgerRegionView region() const noexcept { return {ledger_region, shared.ledger_layout}; }
  [[nodiscard]] chat::WorkerRegionView worker(std::uint32_t worker) const noexcept {
    return {worker_regions[worker], shared.worker_layout};
  }
  [[nodiscard]] chat::LoopControl& loop_control(std::uint32_t slot) const noexcept {
    return worker(shared.worker_of(slot)).control(shared.loop_of(slot));
  }
  [[nodiscard]] shm::LogRingHeader& ring_header() const noexcept { return *log_ring.at<shm::LogRingHeader>(0); }
  [[nodiscard]] shm::LogRingReader ring_reader() const { return {log_ring.data(), log_ring.size_bytes()}; }
  // One set for each thread that rings.
  [[nodiscard]] std::vector<shm::DoorbellRinger> loop_ringers() const;
};

}  // namespace rookery::ledger
