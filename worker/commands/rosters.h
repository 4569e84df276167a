// worker/commands/rosters.h
//
// Looks across the workers: who is connected, which rooms there are. Reads what other processes write at the same time,
// so every answer is a picture that was true a moment ago.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "ipc/chat/session_block.h"
#include "worker/worker_context.h"

namespace rookery::worker {

struct SeenClient {
  std::uint64_t client = 0;
  std::uint32_t worker = 0;
  std::int64_t since_ms = 0;
  std::uint8_t dialect = 0;
  chat::SessionLogin login;
};

// The client in one block; empty when the place is free or changes under our eyes.
[[nodiscard]] std::optional<SeenClient> see_client(const WorkerContext& context, std::uint32_t slot,
                                                   std::uint32_t index) noexcept;

// How many blocks of a slot are worth looking at.
[[nodiscard]] std::uint32_t blocks_in_use(const WorkerContext& context, std::uint32_t slot) noexcept;

struct Seat {
  std::uint32_t slot = 0;
  std::uint32_t index = 0;
};
// Where a guest sits that has said something (before that nobody knows its dialect). A look into each loop's index of
// clients.
[[nodiscard]] std::optional<Seat> find_guest(const WorkerContext& context, std::uint64_t client) noexcept;

// Does a room with this name have members anywhere? A look into the ledger's index of rooms.
[[nodiscard]] bool room_exists(const WorkerContext& context, std::string_view name) noexcept;

[[nodiscard]] std::uint32_t rooms_in_use(const WorkerContext& context) noexcept;

}  // namespace rookery::worker
