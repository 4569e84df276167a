// master/ledger/apply/rooms.h
//
// Which rooms exist, under which number, and how many members each has. A room exists while it has members. Its number
// may then be given to another, safely: a reader of the log sees the last member leave before. The lowest free number
// is given next, so that the numbers follow from the members alone.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rookery::ledger {

struct Room {
  std::string name;           // as its first member spelled it
  std::uint64_t members = 0;  // 0: there is no such room. The lobby's are counted by the loops; here it has none
  std::uint64_t as_of = 0;    // the log position after the record that made it so

  bool operator==(const Room&) const = default;
};

class Rooms final {
 public:
  // At most so many numbers, the lobby's 0 among them.
  explicit Rooms(std::uint32_t most);

  struct Joined {
    std::uint32_t room = 0;
    std::uint64_t members = 0;
  };
  // One member more, the room made if need be. Empty when no number is free.
  [[nodiscard]] std::optional<Joined> join(std::string_view name);
  // One member less; returns how many are left. Empty when the room has no members.
  [[nodiscard]] std::optional<std::uint64_t> leave(std::uint32_t room);

  // Empty for a number that is not in use.
  [[nodiscard]] std::string_view name(std::uint32_t room) const noexcept;

  // The newest changes were made by a record that ends at `position`.
  void applied_at(std::uint64_t position) noexcept;

  // A published record that ends at `position` said that `number` is called `name` and has `members`. Does nothing when
  // the room is of a later position.
  void replay(std::uint32_t number, std::string_view name, std::uint64_t members, std::uint64_t position);
  // The state in which a predecessor left this room.
  void restore(std::uint32_t number, Room room);

  // By number; higher numbers were never used.
  [[nodiscard]] const std::vector<Room>& all() const noexcept { return rooms_; }
  // Numbers of rooms that changed since the last call, some of them more than once.
  [[nodiscard]] const std::vector<std::uint32_t>& changed() const noexcept { return changed_; }
  void forget_changes() noexcept;

 private:
  void touch(std::uint32_t number);
  void set(std::uint32_t number, Room room);
  void make_index();

  std::uint32_t most_;
  std::vector<Room> rooms_;
  std::vector<std::uint32_t> changed_;
  std::size_t unplaced_ = 0;  // changes from this one on have no position yet
  // Follow from rooms_; out of date after replay() and restore(), until the next join or leave.
  bool is_indexed_ = false;
  std::set<std::uint32_t> free_;
  std::unordered_map<std::string, std::uint32_t> by_name_;  // folded
};

}  // namespace rookery::ledger
