// docs/labs/side_by_side.h
//
// Two processes that run at the same time, for the lab false-sharing: each on a core of its own, and never one without
// the other.
//
//     take_core(me);                                  // once; `me` is 0 or 1
//     for (std::uint64_t round = 1; ...; ++round) {
//       meet(round, my_round, others_round);
//       ... both are here now ...
//     }
#pragma once

#include <cstddef>
#include <cstdint>

#include "ipc/shm/shared_array.h"

namespace rookery::labs {

// Where there is one core only, the two take turns.
void take_core(std::size_t me);

// Both have come here before either goes on, and neither sleeps meanwhile. Throws std::runtime_error if the other one
// does not come within a minute.
void meet(std::uint64_t round, shm::SharedArray<std::uint64_t>::Writer& mine,
          const shm::SharedArray<std::uint64_t>::Reader& others);

}  // namespace rookery::labs
