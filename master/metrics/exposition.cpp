#include "master/metrics/exposition.h"

#include <fmt/format.h>

namespace rookery::metrics {

namespace {

constexpr std::string_view name_of(Type type) noexcept {
  switch (type) {
    case Type::Counter:
      return "counter";
    case Type::Gauge:
      return "gauge";
    case Type::Histogram:
      break;
  }
  return "histogram";
}

// In a label's value: backslash, quote and the end of a line; in a help text the quote stands for itself.
std::string escaped(std::string_view text, bool in_quotes) {
  std::string result;
  for (const char c : text) {
    if (c == '\\' || (in_quotes && c == '"')) result += '\\';
    if (c == '\n')
      result += "\\n";
    else
      result += c;
  }
  return result;
}

}  // namespace

void Exposition::family(std::string_view name, Type type, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, escaped(help, false), name, name_of(type));
}

void Exposition::line(std::string_view suffix, Labels labels, std::string_view value) {
  text_ += name_;
  text_ += suffix;
  char before = '{';
  for (const auto& [label, what] : labels) {
    text_ += fmt::format("{}{}=\"{}\"", before, label, escaped(what, true));
    before = ',';
  }
  if (before == ',') text_ += '}';
  text_ += ' ';
  text_ += value;
  text_ += '\n';
}

void Exposition::sample(Labels labels, std::uint64_t value) {
  line({}, labels, fmt::format("{}", value));
}

void Exposition::sample(Labels labels, double value) {
  line({}, labels, fmt::format("{}", value));
}

void Exposition::histogram(std::span<const std::uint64_t> bounds, std::span<const std::uint64_t> buckets,
                           std::uint64_t sum, double unit) {
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    so_far += buckets[i];
    line("_bucket", {{"le", fmt::format("{}", static_cast<double>(bounds[i]) / unit)}}, fmt::format("{}", so_far));
  }
  so_far += buckets.back();
  line("_bucket", {{"le", "+Inf"}}, fmt::format("{}", so_far));
  line("_sum", {}, fmt::format("{}", static_cast<double>(sum) / unit));
  line("_count", {}, fmt::format("{}", so_far));
}

}  // namespace rookery::metrics
