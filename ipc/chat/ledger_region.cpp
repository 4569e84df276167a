#include "ipc/chat/ledger_region.h"

#include <array>
#include <cstring>

#include "ipc/shm/checksum.h"
#include "ipc/shm/name_table.h"

namespace rookery::chat {

std::uint64_t room_name_hash(std::string_view name, std::uint64_t secret) noexcept {
  std::array<std::byte, sizeof secret + sizeof(RoomState::name)> hashed{};
  std::memcpy(hashed.data(), &secret, sizeof secret);
  const std::size_t size = std::min(name.size(), sizeof(RoomState::name));
  for (std::size_t i = 0; i < size; ++i) hashed[sizeof secret + i] = static_cast<std::byte>(shm::folded(name[i]));
  return shm::hash64(std::span(hashed).first(sizeof secret + size));
}

std::optional<std::uint32_t> LedgerRegionView::find_room(std::string_view name) const noexcept {
  return room_index().find(room_name_hash(name, header().name_secret), [&](std::uint32_t room) {
    if (room >= kMaxRooms) return false;
    const auto state = rooms()[room].load();
    return state && state->members > 0 && shm::same_name(state->name_view(), name);
  });
}

}  // namespace rookery::chat
