// worker/limits/room_makers.h
//
// From which addresses the rooms that exist were made: for --max-rooms-per-address. A loop counts what its own clients
// made, in its part of shared memory; all loops read it, so that the limit is over all of them.
//
// Who may write   The loop, in its turn; any loop may count().
// Memory          A room and the hash of an address for each room that clients of this loop made, 16,384 at most.
// When the worker dies  its successor begins to count anew: rooms that there are are nobody's. So it is when the loop
//                 ends otherwise: scaled down, replaced in an upgrade in place, overtaken by the log. An address has
//                 its share once more then, not more than that for each end.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "ipc/shm/count_table.h"

namespace rookery::worker {

class RoomMakers final {
 public:
  // `counts`: this loop's, with room for chat::kMaxRooms keys.
  explicit RoomMakers(shm::CountTable counts) noexcept : counts_(counts) { counts_.clear(); }

  // The log says so: a client of this loop that comes from `source` (its key) is the room's first member.
  void made(std::uint32_t room, std::uint64_t source) {
    ended(room);
    sources_.emplace(room, source);
    counts_.add(source);
  }
  // Its last member has left. Nothing where others made it.
  void ended(std::uint32_t room) noexcept {
    const auto at = sources_.find(room);
    if (at == sources_.end()) return;
    counts_.remove(at->second);
    sources_.erase(at);
  }

 private:
  shm::CountTable counts_;
  std::unordered_map<std::uint32_t, std::uint64_t> sources_;  // by room
};

}  // namespace rookery::worker
