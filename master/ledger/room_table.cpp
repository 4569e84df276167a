#include "master/ledger/room_table.h"

#include <sys/random.h>

#include <algorithm>
#include <string>

#include "ipc/os/errors.h"
#include "ipc/shm/folded_name.h"

namespace rookery::ledger {

namespace {

[[nodiscard]] chat::RoomState shared_form(const Room& room) noexcept {
  chat::RoomState state;
  state.members = room.members;
  state.as_of = room.as_of;
  state.name_bytes = static_cast<std::uint32_t>(std::min(room.name.size(), state.name.size()));
  std::copy_n(room.name.begin(), state.name_bytes, state.name.begin());
  return state;
}

[[nodiscard]] bool exists(const chat::RoomState& room) noexcept {
  return room.members > 0;
}

void choose_secret(std::uint64_t& secret) {
  while (secret == 0)
    if (::getrandom(&secret, sizeof secret, 0) != sizeof secret) os::throw_errno("cannot get random bytes");
}

}  // namespace

RoomTable::RoomTable(const chat::LedgerRegionView& region) : region_(region), index_(region.room_index()) {
  choose_secret(region.header().name_secret);
}

void RoomTable::restore(Rooms& rooms) {
  const auto used = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(region_.header().rooms_high_water.load(std::memory_order_relaxed), chat::kMaxRooms));
  for (std::uint32_t number = 0; number < used; ++number) {
    const chat::RoomState state = region_.rooms()[number].load_own();
    rooms.restore(number, {.name = std::string(state.name_view()), .members = state.members, .as_of = state.as_of});
  }
  mend_index(used);
}

void RoomTable::mend_index(std::uint32_t rooms) {
  const auto state = [this](std::uint32_t number) { return region_.rooms()[number].load_own(); };
  index_.remove_unless([&](std::uint32_t number, std::uint64_t tag) {
    if (number >= rooms) return false;
    const chat::RoomState room = state(number);
    return exists(room) && shm::HashIndex::tag_of(hash_of(room)) == tag;
  });
  for (std::uint32_t number = 0; number < rooms; ++number) {
    const chat::RoomState room = state(number);
    if (exists(room)) ROOKERY_INVARIANT(index_.insert(hash_of(room), number));
  }
}

void RoomTable::follow(Rooms& rooms) noexcept {
  if (rooms.changed().empty()) return;
  for (std::size_t i = 0; i < rooms.changed().size(); ++i) {
    const std::uint32_t number = rooms.changed()[i];
    const bool is_next_too = i + 1 < rooms.changed().size() && rooms.changed()[i + 1] == number;
    if (!is_next_too) write(number, rooms.all()[number]);
  }
  rooms.forget_changes();
  region_.header().rooms_high_water.store(rooms.all().size(), std::memory_order_release);
}

void RoomTable::write(std::uint32_t number, const Room& room) noexcept {
  const chat::RoomState now = shared_form(room);
  const chat::RoomState before = region_.rooms()[number].load_own();
  const bool same_room = exists(before) && exists(now) && shm::same_name(before.name_view(), now.name_view());
  if (exists(before) && !same_room) index_.remove(hash_of(before), number);
  region_.rooms()[number].store(now);
  // Also where it is the same room: a predecessor may have died when it had stored the room, not the count of rooms.
  if (exists(now)) ROOKERY_INVARIANT(index_.insert(hash_of(now), number));
}

std::uint64_t RoomTable::hash_of(const chat::RoomState& room) const noexcept {
  return chat::room_name_hash(room.name_view(), region_.header().name_secret);
}

}  // namespace rookery::ledger
