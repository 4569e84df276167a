#include "ipc/auth/hash_cost.h"

namespace rookery::auth {

const HashCost kHashCost = kSafeHashCost;

}  // namespace rookery::auth
