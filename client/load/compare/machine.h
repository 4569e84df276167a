// client/load/compare/machine.h
//
// The machine that figures were measured on, as far as it can be told; what cannot be told is "unknown" or 0.
#pragma once

#include "client/load/compare/results.h"

namespace rookery::load {

// `cores` are those that this process may use.
[[nodiscard]] Machine describe_machine();

[[nodiscard]] std::uint32_t usable_cores() noexcept;

}  // namespace rookery::load
