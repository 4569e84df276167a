#include "tests/bench/support/promises.h"

#include <fmt/format.h>

#include <cmath>

namespace rookery::bench {

namespace {

// Three digits, without an exponent: 0.131, 1.19, 24.2, 1032187.
std::string number(double value) {
  const double size = std::abs(value);
  if (size >= 100) return fmt::format("{:.0f}", value);
  if (size >= 10) return fmt::format("{:.1f}", value);
  return size >= 1 || size == 0 ? fmt::format("{:.2f}", value) : fmt::format("{:.3f}", value);
}

// As it was written: 0.8, 1.25, 1000000.
std::string limit(double value) {
  return value >= 1000 ? fmt::format("{:.0f}", value) : fmt::format("{:.3g}", value);
}

}  // namespace

void Promises::at_most(const std::string& what, const std::string& figure, double ratio, double bound,
                       const std::string& note) {
  add(what, figure, ratio, "at most", bound, ratio <= bound, note);
}

void Promises::at_least(const std::string& what, const std::string& figure, double ratio, double bound,
                        const std::string& note) {
  add(what, figure, ratio, "at least", bound, ratio >= bound, note);
}

void Promises::add(const std::string& what, const std::string& figure, double ratio, const char* relation, double bound,
                   bool kept, const std::string& note) {
  rows_.push_back(fmt::format("| {} | {} | {} | {} {} | {}{}{} |", what, figure, number(ratio), relation, limit(bound),
                              kept ? "kept" : "not kept", note.empty() ? "" : ": ", note));
}

void Promises::print() const {
  if (rows_.empty()) return;
  fmt::print("\n| what | figure | ratio | promised | |\n|---|---|---|---|---|\n");
  for (const std::string& row : rows_) fmt::print("{}\n", row);
}

}  // namespace rookery::bench
