// master/ledger/publisher.h
//
// Applies records in their order and publishes them in the log ring, a batch at a time.
//
// One batch, in this order: records appended to the ring (invisible), published by one store, then what follows from
// them: the outboxes' `taken` (intake.h), the room table, applied_end. Whenever the ledger dies, recovery.h finds out
// what was published and not yet followed up.
//
// The ring is not filled further than the disk and every live loop have read it. A loop that has stopped (its heartbeat
// is old) is not waited for.
#pragma once

#include <cstdint>
#include <vector>

#include "master/ledger/apply/state_machine.h"
#include "master/ledger/ledger_context.h"
#include "master/ledger/order.h"
#include "master/ledger/published_mark.h"
#include "master/ledger/room_table.h"

namespace rookery::ledger {

class Publisher final : public Order::Sink {
 public:
  Publisher(LedgerContext& context, shm::LogRingWriter& ring, StateMachine& state, RoomTable& rooms,
            PublishedMark& mark);

  // Notes how far the slowest live reader is.
  void begin_batch() noexcept;
  // For one more record, whatever its size.
  [[nodiscard]] bool has_room() const noexcept;
  // Applies and appends it.
  void ordered(chat::Record& record) override;

  // Is something appended that is not published?
  [[nodiscard]] bool has_batch() const noexcept { return ring_.end() != published_end_; }
  void publish();
  // REQUIRES: the outboxes say that what was published is taken.
  void follow_up();

  [[nodiscard]] shm::Position end() const noexcept { return ring_.end(); }

 private:
  void note_concerned(const chat::RecordHeader& header);
  void ring_loops() noexcept;

  LedgerContext& context_;
  shm::LogRingWriter& ring_;
  StateMachine& state_;
  RoomTable& rooms_;
  PublishedMark& mark_;
  chat::LedgerRegionView region_;
  shm::Position published_end_;
  shm::Position slowest_reader_ = 0;
  std::vector<std::byte> bytes_;

  // Whom the batch concerns, see ring_loops().
  std::vector<shm::DoorbellRinger> loops_;
  std::vector<bool> concerned_slots_;           // they have asked for something in it
  std::vector<std::uint32_t> concerned_rooms_;  // may name one twice
  bool concerns_all_ = false;
};

}  // namespace rookery::ledger
