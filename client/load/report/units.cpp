// client/load/report/units.cpp
#include "client/load/report/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace rookery::load {
namespace {

// From small to large.
constexpr std::array kMicroseconds{Scale{1, "µs"}, Scale{1e-3, "ms"}, Scale{1e-6, "s"}};
constexpr std::array kMilliseconds{Scale{1, "ms"}, Scale{1e-3, "s"}};
constexpr std::array kBytes{Scale{1, "bytes"}, Scale{1.0 / 1024, "KiB"}, Scale{1.0 / 1048576, "MiB"},
                            Scale{1.0 / 1073741824, "GiB"}};
constexpr std::array kRates{Scale{1, "/s"}, Scale{1e-3, "k/s"}, Scale{1e-6, "M/s"}};
constexpr std::array kPerOperation{Scale{1e3, "/1,000 op"}, Scale{1, "/op"}};

std::span<const Scale> scales_of(std::string_view unit) {
  if (unit == "µs") return kMicroseconds;
  if (unit == "ms") return kMilliseconds;
  if (unit == "bytes") return kBytes;
  if (unit == "/s") return kRates;
  if (unit == "/op") return kPerOperation;
  return {};
}

std::string grouped(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", value, decimals);
  const std::size_t start = text.front() == '-' ? 1 : 0;
  for (std::size_t at = std::min(text.find('.'), text.size()); at > start + 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

bool counts_things(std::string_view unit) {
  return unit == "clients" || unit == "requests" || unit == "messages";
}

}  // namespace

Scale scale_for(std::string_view unit, double largest) {
  const std::span<const Scale> scales = scales_of(unit);
  Scale best = scales.empty() ? Scale{1, unit} : scales.front();
  for (const Scale& scale : scales)
    if (std::abs(largest) * scale.factor >= 1) best = scale;
  return best;
}

std::string format_number(double value, int digits) {
  if (!std::isfinite(value)) return "?";
  if (value == std::round(value) && std::abs(value) < 10'000) return grouped(value, 0);
  const int exponent = static_cast<int>(std::floor(std::log10(std::abs(value))));
  const double unit = std::pow(10.0, exponent - digits + 1);
  // Twice: rounding 999.6 to three digits makes a digit more before the point, and one less behind it.
  const double rounded = std::round(value / unit) * unit;
  const int whole = static_cast<int>(std::floor(std::log10(std::abs(rounded)) + 1e-9));
  return grouped(rounded, std::clamp(digits - 1 - whole, 0, 6));
}

std::string readable(double value, std::string_view unit, int digits) {
  return readable_beside(value, value, unit, digits);
}

std::string readable_beside(double value, double other, std::string_view unit, int digits) {
  if (unit == "/s") return format_number(value, digits) + "/s";
  if (unit == "/op") return format_number(value, digits) + " per operation";
  if (unit.empty() || counts_things(unit)) return format_number(value, digits);
  const Scale scale = scale_for(unit, other);
  return format_number(value * scale.factor, digits) + " " + std::string(scale.unit);
}

std::size_t width_of(std::string_view utf8) noexcept {
  return static_cast<std::size_t>(std::count_if(
      utf8.begin(), utf8.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

}  // namespace rookery::load
