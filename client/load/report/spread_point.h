// client/load/report/spread_point.h
//
// A spread as a point of a plot.
#pragma once

#include <string_view>

#include "client/load/compare/figures.h"
#include "client/load/report/plots.h"
#include "client/load/report/units.h"

namespace rookery::load {

// The median with its lowest and highest value, in the unit of `scale`; the tooltip's words in whatever unit suits it.
// REQUIRES: not empty.
[[nodiscard]] Point spread_point(double x, const Spread& spread, const Scale& scale, std::string_view unit);

}  // namespace rookery::load
