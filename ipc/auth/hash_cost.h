// ipc/auth/hash_cost.h
//
// What a password hash costs to make and to verify. One object of the program defines it (hash_cost.cpp), so that the
// servers that tests start can be linked with another, see tests/fault/CMakeLists.txt: no option and no variable of a
// server for people makes its passwords cheaper to guess.
#pragma once

#include <cstddef>

namespace rookery::auth {

struct HashCost {
  std::size_t memory_bytes;  // each thread of the pool needs it while it hashes; whole KiB
  unsigned passes;
};

// The least that OWASP's Password Storage Cheat Sheet accepts for Argon2id (19 MiB, 2 passes, 1 lane); libsodium always
// has 1 lane. Raising it leaves stored hashes valid: a hash carries the values it was made with; see needs_rehash().
inline constexpr HashCost kSafeHashCost{std::size_t{19} * 1024 * 1024, 2};

extern const HashCost kHashCost;

}  // namespace rookery::auth
