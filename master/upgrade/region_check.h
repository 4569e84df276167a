// master/upgrade/region_check.h
//
// Are the regions that another program made what this one would have made? Their sizes, and what stands at the start of
// each. For the rehearsal, and once more before they are taken over.
#pragma once

#include "master/upgrade/state.h"

namespace rookery::master {

// Throws BadState with what differs. Looks at the descriptors for reading only.
void check_regions(const State& state);

}  // namespace rookery::master
