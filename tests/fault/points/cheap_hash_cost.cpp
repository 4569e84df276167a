// In the place of ipc/auth/hash_cost.cpp: a test that logs hundreds of people in is not about Argon2id, which would
// take nine tenths of its processor time.
#include "ipc/auth/hash_cost.h"

namespace rookery::auth {

const HashCost kHashCost{std::size_t{64} * 1024, 1};

}  // namespace rookery::auth
