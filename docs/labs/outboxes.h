// docs/labs/outboxes.h
//
// What lies in the regions of the lab queue: an outbox for each producer, and the consumer's desk. Each has one writer,
// everybody reads all of them. The server's are in ipc/chat/worker_region.h.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "ipc/shm/doorbell.h"
#include "ipc/shm/record_queue.h"

namespace rookery::labs {

inline constexpr std::uint64_t kCapacityWords = 64;  // 32 records of ours: soon full
inline constexpr unsigned kMostProducers = 16;

// Written by its producer alone.
struct Outbox {
  alignas(64) shm::PositionWord tail;
  std::atomic<std::uint64_t> found_full;
  alignas(64) std::array<std::uint64_t, kCapacityWords> words;
};

// Written by the consumer alone.
struct Desk {
  alignas(64) shm::SleepWord sleeping;
  std::array<shm::PositionWord, kMostProducers> taken;  // how far in each outbox
};

}  // namespace rookery::labs
