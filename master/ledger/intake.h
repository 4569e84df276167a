// master/ledger/intake.h
//
// Takes records from the outboxes of all loops in turn, checks what a worker could have made wrong, notes their origin,
// and offers them to the order; questions to the store it hands to the archive.
//
// Nothing is released before the batch it went into is published: what a ledger has not published when it dies, its
// successor takes again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ipc/shm/name_table.h"
#include "master/ledger/archive.h"
#include "master/ledger/ledger_context.h"
#include "master/ledger/publisher.h"

namespace rookery::ledger {

class Intake final {
 public:
  Intake(LedgerContext& context, Order& order, const Publisher& publisher, const shm::NameTableReader& users,
         Archive& archive);

  // As much as the log has room for, at most some of each outbox. True if there was anything.
  [[nodiscard]] bool take(std::int64_t now_ms);
  // What was taken since the last call is published.
  void release() noexcept;

  [[nodiscard]] bool has_more() const noexcept;  // sequentially consistent: for the doorbell
  // True if the dead worker left records that take() would still take.
  [[nodiscard]] bool has_more_of(std::uint32_t worker) const noexcept;
  // True if all records of the dead worker are taken and released; damaged outboxes are ignored.
  [[nodiscard]] bool is_drained(std::uint32_t worker) const noexcept;
  // Damaged outboxes of the dead worker are not read until its successor has emptied them.
  void close(std::uint32_t worker) noexcept;

  // Accounts that were changed or removed keep their place in the user table, and those that are ordered get theirs
  // when they are durable: as many as the log ring may hold.
  [[nodiscard]] static bool has_place_for_account(const shm::NameTableReader& users) noexcept;

  struct Damage {
    std::uint32_t worker = 0;
    std::string text;
  };
  // Outboxes whose content is invalid. Nothing more is taken from them until the worker has been replaced.
  [[nodiscard]] std::vector<Damage> take_damaged();

 private:
  struct Slot {
    shm::RecordQueueConsumer outbox;
    bool damaged = false;
    std::uint64_t damaged_by = 0;  // its life, as its region had it: the next one has an outbox of its own
    bool peeked = false;           // taken from and not released
  };

  [[nodiscard]] std::uint64_t life_of(std::uint32_t slot) const noexcept;
  [[nodiscard]] bool may_look_into(std::uint32_t slot) const noexcept;
  [[nodiscard]] bool take_from(std::uint32_t slot, std::int64_t now_ms);
  void accept(std::uint32_t slot, chat::Record& record);
  void note_damage(std::uint32_t slot, const std::string& text);

  LedgerContext& context_;
  Order& order_;
  const Publisher& publisher_;
  const shm::NameTableReader& users_;
  Archive& archive_;
  std::vector<Slot> slots_;
  std::uint32_t first_slot_ = 0;  // whose turn it is to be drained first
  std::vector<Damage> damaged_;
  std::vector<std::byte> bytes_;
};

}  // namespace rookery::ledger
