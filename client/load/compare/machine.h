// client/load/compare/machine.h
//
// The machine that figures were measured on, as far as it can be told; what cannot be told is "unknown" or 0.
#pragma once

#include "client/load/compare/results.h"

namespace rookery::load {

// `cores` are those that this process may use.
[[nodiscard]] Machine describe_machine();

// How long those cores have worked in all, for whomever, in seconds; in ticks of 10 ms. 0 where it cannot be told.
[[nodiscard]] double busy_core_seconds();

}  // namespace rookery::load
