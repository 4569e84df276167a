// master/ledger/room_table.h
//
// What the loops see of the rooms: the room table in the ledger's region and its index by name. Changes are brought
// there once the records that made them are published.
//
// Who may write   The ledger's sequencing thread.
// When the ledger dies in the middle of follow()  a room may be in the table and not in the index, or the other way
// round; restore() makes the index agree with the table. That the table agrees with the log is for replay, see
// master/ledger/recovery.h.
#pragma once

#include <cstdint>

#include "ipc/chat/ledger_region.h"
#include "master/ledger/apply/rooms.h"

namespace rookery::ledger {

class RoomTable final {
 public:
  // Chooses the secret of the index if no predecessor has. Throws std::system_error.
  explicit RoomTable(const chat::LedgerRegionView& region);

  // Gives `rooms` the table's content, as a predecessor left it, and mends the index.
  void restore(Rooms& rooms);
  // Brings the changes of `rooms` into the table.
  void follow(Rooms& rooms) noexcept;

 private:
  void write(std::uint32_t number, const Room& room) noexcept;
  void mend_index(std::uint32_t rooms);
  [[nodiscard]] std::uint64_t hash_of(const chat::RoomState& room) const noexcept;

  chat::LedgerRegionView region_;
  shm::HashIndex index_;
};

}  // namespace rookery::ledger
