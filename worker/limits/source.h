// worker/limits/source.h
//
// Where a client comes from, as the limits count it: its network (ipc/chat/source_address.h) as one number.
#pragma once

#include <cstdint>

#include "ipc/chat/source_address.h"
#include "worker/worker_process.h"

namespace rookery::worker {

struct Source {
  std::uint64_t key = 0;  // a hash with a secret seed, the same in all workers: nobody can choose what collides
  bool loopback = true;
};

// What is no internet address counts as loopback.
[[nodiscard]] Source source_of(const chat::SourceAddress& address, std::uint64_t secret) noexcept;

// How many connections it may have at the same time; 0: any number.
[[nodiscard]] constexpr std::uint32_t clients_allowed(const ClientLimits& limits, const Source& source) noexcept {
  return source.loopback && !limits.limit_loopback ? 0 : limits.clients_per_address;
}

// Lines a second of each of its clients; 0: any number.
[[nodiscard]] constexpr std::uint32_t lines_allowed(const ClientLimits& limits, const Source& source) noexcept {
  return source.loopback && !limits.limit_loopback && !limits.line_rate_on_loopback ? 0 : limits.lines_per_second;
}

// Rooms that exist and were made from there, over all workers; 0: any number.
[[nodiscard]] constexpr std::uint32_t rooms_allowed(const ClientLimits& limits, const Source& source) noexcept {
  return source.loopback && !limits.limit_loopback ? 0 : limits.rooms_per_address;
}

// Bytes that its messages may add to the store within an hour; 0: any number.
[[nodiscard]] constexpr std::uint64_t stored_allowed(const ClientLimits& limits, const Source& source) noexcept {
  return source.loopback && !limits.limit_loopback ? 0 : limits.stored_per_address;
}

}  // namespace rookery::worker
