// client/load/compare/shapes.h
//
// The shapes of the server that are compared: as much at the same time in each, shared out differently.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "client/load/compare/results.h"

namespace rookery::load {

// "processes", "threads", "mixed", "thread-per-client". REQUIRES: parallel is even and at least 2.
[[nodiscard]] std::vector<Shape> all_shapes(std::uint32_t parallel);

// Those of `keys`, in the order of all_shapes(). Throws std::invalid_argument naming a key that is none, or when there
// is none.
[[nodiscard]] std::vector<Shape> chosen_shapes(std::uint32_t parallel, const std::vector<std::string>& keys);

// 4, or the number of cores if that is more, and always even.
[[nodiscard]] std::uint32_t default_parallel(std::uint32_t cores) noexcept;

}  // namespace rookery::load
