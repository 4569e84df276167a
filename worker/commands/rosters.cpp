#include "worker/commands/rosters.h"

#include <algorithm>

#include "ipc/wire/limits.h"

namespace rookery::worker {

std::optional<SeenClient> see_client(const WorkerContext& context, std::uint32_t slot, std::uint32_t index) noexcept {
  const std::uint32_t worker = context.shared.worker_of(slot);
  if (context.is_vacant(worker)) return std::nullopt;
  const chat::SessionBlock& block = context.worker(worker).sessions(context.shared.loop_of(slot))[index];
  constexpr auto kOpen = static_cast<std::uint32_t>(chat::SessionState::Open);
  if (block.state.load(std::memory_order_acquire) != kOpen) return std::nullopt;
  SeenClient seen;
  seen.worker = worker;
  seen.client = block.client.load(std::memory_order_relaxed);
  seen.since_ms = block.since_ms.load(std::memory_order_relaxed);
  const chat::SessionStream stream = block.stream.glance();
  if (block.state.load(std::memory_order_acquire) != kOpen ||
      block.client.load(std::memory_order_relaxed) != seen.client)
    return std::nullopt;
  seen.login = chat::login_of(context.users, stream.user);
  seen.dialect = stream.dialect;
  return seen;
}

std::uint32_t blocks_in_use(const WorkerContext& context, std::uint32_t slot) noexcept {
  if (context.is_vacant(context.shared.worker_of(slot))) return 0;
  return context.worker(context.shared.worker_of(slot)).sessions_in_use(context.shared.loop_of(slot));
}

std::optional<Seat> find_guest(const WorkerContext& context, std::uint64_t client) noexcept {
  const std::uint64_t hash = chat::client_hash(client, context.settings.address_secret);
  for (std::uint32_t slot = 0; slot < context.shared.slots(); ++slot) {
    const std::uint32_t used = blocks_in_use(context, slot);
    if (used == 0) continue;
    const auto clients = context.worker(context.shared.worker_of(slot)).clients(context.shared.loop_of(slot));
    const auto index = clients.find(hash, [&](std::uint32_t i) {
      const auto seen = i < used ? see_client(context, slot, i) : std::nullopt;
      return seen && seen->client == client && seen->login.account == 0 && seen->dialect != 0;
    });
    if (index) return Seat{slot, *index};
  }
  return std::nullopt;
}

bool room_exists(const WorkerContext& context, std::string_view name) noexcept {
  return shm::same_name(name, wire::kLobby) || context.ledger().find_room(name).has_value();
}

std::uint32_t rooms_in_use(const WorkerContext& context) noexcept {
  const std::uint64_t used = context.ledger().header().rooms_high_water.load(std::memory_order_acquire);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(used, chat::kMaxRooms));
}

}  // namespace rookery::worker
