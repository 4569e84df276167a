#include "master/ledger/apply/rooms.h"

#include <utility>

#include "ipc/chat/record.h"
#include "ipc/shm/folded_name.h"
#include "ipc/wire/limits.h"

namespace rookery::ledger {

Rooms::Rooms(std::uint32_t most) : most_(most) {
  set(chat::kLobbyRoom, {.name = std::string(wire::kLobby)});
}

std::optional<Rooms::Joined> Rooms::join(std::string_view name) {
  make_index();
  std::string folded = shm::folded(name);
  if (const auto found = by_name_.find(folded); found != by_name_.end()) {
    if (found->second == chat::kLobbyRoom) return Joined{chat::kLobbyRoom, 0};
    touch(found->second);
    return Joined{found->second, ++rooms_[found->second].members};
  }
  std::uint32_t number;
  if (!free_.empty()) {
    number = *free_.begin();
    free_.erase(free_.begin());
  } else if (rooms_.size() < most_) {
    number = static_cast<std::uint32_t>(rooms_.size());
    rooms_.emplace_back();
  } else {
    return std::nullopt;
  }
  rooms_[number].name = name;
  rooms_[number].members = 1;
  by_name_.emplace(std::move(folded), number);
  touch(number);
  return Joined{number, 1};
}

std::optional<std::uint64_t> Rooms::leave(std::uint32_t room) {
  if (room == chat::kLobbyRoom) return 0;
  if (room >= rooms_.size() || rooms_[room].members == 0) return std::nullopt;
  make_index();
  touch(room);
  if (--rooms_[room].members == 0) {
    by_name_.erase(shm::folded(rooms_[room].name));
    free_.insert(room);
  }
  return rooms_[room].members;
}

std::string_view Rooms::name(std::uint32_t room) const noexcept {
  if (room >= rooms_.size() || (room != chat::kLobbyRoom && rooms_[room].members == 0)) return {};
  return rooms_[room].name;
}

void Rooms::applied_at(std::uint64_t position) noexcept {
  for (; unplaced_ < changed_.size(); ++unplaced_) rooms_[changed_[unplaced_]].as_of = position;
}

void Rooms::replay(std::uint32_t number, std::string_view name, std::uint64_t members, std::uint64_t position) {
  if (number == chat::kLobbyRoom || number >= most_) return;
  if (number < rooms_.size() && rooms_[number].as_of >= position) return;
  set(number, {.name = std::string(name), .members = members, .as_of = position});
}

void Rooms::restore(std::uint32_t number, Room room) {
  if (number == chat::kLobbyRoom || number >= most_) return;
  set(number, std::move(room));
}

void Rooms::forget_changes() noexcept {
  changed_.clear();
  unplaced_ = 0;
}

void Rooms::touch(std::uint32_t number) {
  changed_.push_back(number);
}

void Rooms::set(std::uint32_t number, Room room) {
  if (number >= rooms_.size()) rooms_.resize(number + std::size_t{1});
  rooms_[number] = std::move(room);
  touch(number);
  unplaced_ = changed_.size();
  is_indexed_ = false;
}

void Rooms::make_index() {
  if (is_indexed_) return;
  by_name_.clear();
  free_.clear();
  by_name_.emplace(wire::kLobby, chat::kLobbyRoom);
  for (std::uint32_t number = chat::kLobbyRoom + 1; number < rooms_.size(); ++number) {
    if (rooms_[number].members > 0)
      by_name_.emplace(shm::folded(rooms_[number].name), number);
    else
      free_.insert(number);
  }
  is_indexed_ = true;
}

}  // namespace rookery::ledger
