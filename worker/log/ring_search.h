// worker/log/ring_search.h
//
// Finds a message number in the log ring by the ring's landmarks: some eight records are read, not the whole ring.
//
// What is published moves on meanwhile, and the oldest landmarks with it; whoever reads from a place found here may
// find itself lapped later, and searches again.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ipc/shm/log_ring.h"

namespace rookery::worker {

struct RingPlace {
  // Every published message above the number is at this position or after it. Empty: the ring does not reach so far.
  std::optional<shm::Position> position;
  // Then: what is durable and not in the ring ends here, with the store; ask it up to this number. 0: ask again in a
  // later turn, the ring has moved on while it was looked at.
  std::uint64_t stored_to = 0;
};

class RingSearch final {
 public:
  explicit RingSearch(shm::LogRingReader reader) : reader_(reader) {}

  [[nodiscard]] RingPlace find(std::uint64_t seq);

 private:
  [[nodiscard]] std::optional<std::uint64_t> newest_before(shm::Position position);

  shm::LogRingReader reader_;
  std::vector<shm::Position> landmarks_;
  std::vector<std::byte> bytes_;
};

}  // namespace rookery::worker
