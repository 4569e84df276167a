// client/load/report/units.h
//
// Numbers as people read them: three digits that mean something, a unit that suits their size.
//
//     readable(1240, "µs")          "1.24 ms"
//     readable(123'456, "/s")       "123,000/s"
//     scale_for("bytes", 9'437'184) {1 / 1048576.0, "MiB"}, for a column or an axis with one unit
#pragma once

#include <string>
#include <string_view>

namespace rookery::load {

struct Scale {
  double factor = 1;  // value * factor is in `unit`
  std::string_view unit;
};

// The unit in which `largest` has the fewest digits before its point, and at least one. Units that have no larger ones
// stay as they are.
[[nodiscard]] Scale scale_for(std::string_view unit, double largest);

// Rounded to so many significant digits, with commas between thousands; no exponent. Whole numbers below 10,000 stay as
// they are: people count clients.
[[nodiscard]] std::string format_number(double value, int digits = 3);

[[nodiscard]] std::string readable(double value, std::string_view unit, int digits = 3);
// In the unit that suits `other`, which stands beside it.
[[nodiscard]] std::string readable_beside(double value, double other, std::string_view unit, int digits = 3);

// How many columns it takes on a terminal: characters, not bytes.
[[nodiscard]] std::size_t width_of(std::string_view utf8) noexcept;

}  // namespace rookery::load
