#include "master/ledger/room_book.h"

#include <sys/random.h>

#include <algorithm>

#include "ipc/os/errors.h"
#include "ipc/shm/name_table.h"
#include "ipc/wire/limits.h"

namespace rookery::ledger {

namespace {

void set_name(chat::RoomState& room, std::string_view name) {
  room.name = {};
  room.name_bytes = static_cast<std::uint32_t>(std::min(name.size(), room.name.size()));
  std::copy_n(name.begin(), room.name_bytes, room.name.begin());
}

[[nodiscard]] bool exists(const chat::RoomState& room) noexcept {
  return room.members > 0;
}

void choose_secret(std::uint64_t& secret) {
  while (secret == 0)
    if (::getrandom(&secret, sizeof secret, 0) != sizeof secret) os::throw_errno("cannot get random bytes");
}

}  // namespace

RoomBook::RoomBook(const chat::LedgerRegionView& region) : region_(region), shared_index_(region.room_index()) {
  choose_secret(region.header().name_secret);
  const std::uint64_t used = region.header().rooms_high_water.load(std::memory_order_relaxed);
  rooms_.resize(std::clamp<std::uint64_t>(used, 1, chat::kMaxRooms));
  for (std::size_t i = 0; i < rooms_.size(); ++i) rooms_[i] = region.rooms()[i].load_own();
  if (rooms_[chat::kLobbyRoom].name_bytes == 0) {
    set_name(rooms_[chat::kLobbyRoom], wire::kLobby);
    touch(chat::kLobbyRoom);
  }
  rebuild_index();
  mend_shared_index();
}

std::uint64_t RoomBook::hash_of(const chat::RoomState& room) const noexcept {
  return chat::room_name_hash(room.name_view(), region_.header().name_secret);
}

void RoomBook::mend_shared_index() {
  shared_index_.remove_unless([this](std::uint32_t room, std::uint64_t tag) {
    return room < rooms_.size() && exists(rooms_[room]) && shm::HashIndex::tag_of(hash_of(rooms_[room])) == tag;
  });
  for (std::uint32_t room = 0; room < rooms_.size(); ++room)
    if (exists(rooms_[room])) ROOKERY_INVARIANT(shared_index_.insert(hash_of(rooms_[room]), room));
}

void RoomBook::rebuild_index() {
  by_name_.clear();
  free_.clear();
  by_name_.emplace(wire::kLobby, chat::kLobbyRoom);
  for (std::uint32_t room = chat::kLobbyRoom + 1; room < rooms_.size(); ++room) {
    if (rooms_[room].members > 0)
      by_name_.emplace(shm::folded(rooms_[room].name_view()), room);
    else
      free_.push_back(room);
  }
}

std::optional<RoomBook::Joined> RoomBook::join(std::string_view name) {
  const auto found = by_name_.find(shm::folded(name));
  if (found != by_name_.end() && found->second == chat::kLobbyRoom) return Joined{chat::kLobbyRoom, 0};
  std::uint32_t room;
  if (found != by_name_.end()) {
    room = found->second;
  } else {
    if (!free_.empty()) {
      room = free_.back();
      free_.pop_back();
    } else if (rooms_.size() < chat::kMaxRooms) {
      room = static_cast<std::uint32_t>(rooms_.size());
      rooms_.emplace_back();
    } else {
      return std::nullopt;
    }
    set_name(rooms_[room], name);
    by_name_.emplace(shm::folded(name), room);
  }
  touch(room);
  return Joined{room, ++rooms_[room].members};
}

std::optional<std::uint64_t> RoomBook::leave(std::uint32_t room) {
  if (room == chat::kLobbyRoom) return 0;
  if (room >= rooms_.size() || rooms_[room].members == 0) return std::nullopt;
  touch(room);
  if (--rooms_[room].members == 0) {
    by_name_.erase(shm::folded(rooms_[room].name_view()));
    free_.push_back(room);
  }
  return rooms_[room].members;
}

std::string_view RoomBook::name(std::uint32_t room) const noexcept {
  if (room >= rooms_.size() || (room != chat::kLobbyRoom && rooms_[room].members == 0)) return {};
  return rooms_[room].name_view();
}

void RoomBook::replay(std::uint32_t room, std::string_view name, std::uint64_t members, std::uint64_t position) {
  if (room == chat::kLobbyRoom || room >= chat::kMaxRooms) return;
  if (room >= rooms_.size()) rooms_.resize(room + 1);
  chat::RoomState& state = rooms_[room];
  if (state.as_of >= position) return;
  set_name(state, name);
  state.members = members;
  state.as_of = position;
  touch(room);
  rebuild_index();
}

void RoomBook::touch(std::uint32_t room) {
  if (changed_.empty() || changed_.back() != room) changed_.push_back(room);
}

void RoomBook::write_through() noexcept {
  if (changed_.empty()) return;
  for (const std::uint32_t room : changed_) write_through(room);
  changed_.clear();
  region_.header().rooms_high_water.store(rooms_.size(), std::memory_order_release);
}

void RoomBook::write_through(std::uint32_t room) noexcept {
  const chat::RoomState& now = rooms_[room];
  const chat::RoomState before = region_.rooms()[room].load_own();
  const bool same_room = exists(before) && exists(now) && shm::same_name(before.name_view(), now.name_view());
  if (exists(before) && !same_room) shared_index_.remove(hash_of(before), room);
  region_.rooms()[room].store(now);
  // Also where it is the same room: a predecessor may have died when it had stored the room, not the count of rooms.
  if (exists(now)) ROOKERY_INVARIANT(shared_index_.insert(hash_of(now), room));
}

}  // namespace rookery::ledger
