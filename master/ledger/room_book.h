// master/ledger/room_book.h
//
// Which rooms exist, under which number, and how many members each has. A room exists while it has members; its number
// may then be given to another, safely: whoever reads the log in order has seen the last one leave before.
//
// The book is the ledger's own; what the loops see of it is the room table in the ledger's region and its index by
// name, to which write_through() brings the changes once the records that made them are published.
//
// When the ledger dies in the middle of write_through()  a room may be in the table and not in the index, or the other
// way round; the constructor of the successor's book makes the index agree with the table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ipc/chat/ledger_region.h"

namespace rookery::ledger {

class RoomBook final {
 public:
  // Reads the table as a predecessor left it; fresh memory is an empty book with the lobby in it.
  explicit RoomBook(const chat::LedgerRegionView& region);

  struct Joined {
    std::uint32_t room = 0;
    std::uint64_t members = 0;
  };
  // One member more, the room made if need be; empty when there are kMaxRooms rooms with members. The lobby's members
  // are counted by the loops, here it always has none.
  [[nodiscard]] std::optional<Joined> join(std::string_view name);
  // One member less; how many are left. Empty when the room has no members to leave.
  [[nodiscard]] std::optional<std::uint64_t> leave(std::uint32_t room);

  // As its first member spelled it; empty for a number that is not in use.
  [[nodiscard]] std::string_view name(std::uint32_t room) const noexcept;

  // The newest change of `room` was made by the record that ends at `position`.
  void set_as_of(std::uint32_t room, std::uint64_t position) noexcept { rooms_[room].as_of = position; }

  // During recovery: a record that ends at `position` said that `room` is called `name` and has `members`.
  void replay(std::uint32_t room, std::string_view name, std::uint64_t members, std::uint64_t position);

  void write_through() noexcept;

 private:
  void touch(std::uint32_t room);
  void rebuild_index();
  void mend_shared_index();
  void write_through(std::uint32_t room) noexcept;
  [[nodiscard]] std::uint64_t hash_of(const chat::RoomState& room) const noexcept;

  chat::LedgerRegionView region_;
  shm::HashIndex shared_index_;
  std::vector<chat::RoomState> rooms_;  // by number
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> changed_;                      // not in the shared table yet
  std::unordered_map<std::string, std::uint32_t> by_name_;  // folded
};

}  // namespace rookery::ledger
