// client/load/compare/figures.cpp
#include "client/load/compare/figures.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace rookery::load {
namespace {

constexpr std::array kKinds{
    FigureKind{"start_ms", "start-up", "ms", Better::Lower},
    FigureKind{"pss_bytes", "memory (PSS)", "bytes", Better::Lower},
    FigureKind{"page_tables_bytes", "page tables", "bytes", Better::Lower},
    FigureKind{"rate_per_s", "rate asked for", "/s", Better::Higher},
    FigureKind{"throughput_per_s", "throughput", "/s", Better::Higher},
    FigureKind{"latency_p50_us", "latency, p50", "µs", Better::Lower},
    FigureKind{"latency_p90_us", "latency, p90", "µs", Better::Lower},
    FigureKind{"latency_p99_us", "latency, p99", "µs", Better::Lower},
    FigureKind{"latency_p999_us", "latency, p99.9", "µs", Better::Lower},
    FigureKind{"latency_max_us", "latency, worst", "µs", Better::Lower},
    FigureKind{"cpu_us_per_op", "CPU per operation", "µs", Better::Lower},
    FigureKind{"cpu_user_us_per_op", "  of it user", "µs", Better::Lower},
    FigureKind{"cpu_system_us_per_op", "  of it system", "µs", Better::Lower},
    FigureKind{"switches_voluntary_per_op", "switches, voluntary", "/op", Better::Lower},
    FigureKind{"switches_involuntary_per_op", "switches, forced", "/op", Better::Lower},
    FigureKind{"killed_of", "clients of the killed one", "clients", Better::Lower},
    FigureKind{"cut_off", "clients cut off", "clients", Better::Lower},
    FigureKind{"paused", "clients paused", "clients", Better::Lower},
    FigureKind{"pause_p50_ms", "pause, p50", "ms", Better::Lower},
    FigureKind{"pause_max_ms", "pause, worst", "ms", Better::Lower},
    FigureKind{"unanswered", "requests never answered", "requests", Better::Lower},
    FigureKind{"lost", "acknowledged and lost", "messages", Better::Lower},
};

// Of the line through the points with the least squared error; nothing if they all have the same x.
std::optional<double> slope(const std::vector<std::pair<double, double>>& points) {
  double mean_x = 0;
  double mean_y = 0;
  for (const auto& [x, y] : points) {
    mean_x += x / static_cast<double>(points.size());
    mean_y += y / static_cast<double>(points.size());
  }
  double xx = 0;
  double xy = 0;
  for (const auto& [x, y] : points) {
    xx += (x - mean_x) * (x - mean_x);
    xy += (x - mean_x) * (y - mean_y);
  }
  if (xx == 0) return std::nullopt;
  return xy / xx;
}

}  // namespace

std::span<const FigureKind> figure_kinds() noexcept {
  return kKinds;
}

const FigureKind* find_figure(std::string_view key) noexcept {
  const auto* const found =
      std::find_if(kKinds.begin(), kKinds.end(), [key](const FigureKind& kind) { return kind.key == key; });
  return found == kKinds.end() ? nullptr : found;
}

double Spread::median() const noexcept {
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Spread spread_of(const Results& results, std::string_view experiment, std::string_view shape, std::uint32_t clients,
                 const ValueOfSample& value) {
  Spread spread;
  for (const Sample& sample : results.samples) {
    if (sample.experiment != experiment || sample.shape != shape || sample.clients != clients) continue;
    if (const std::optional<double> one = value(sample)) spread.values.push_back(*one);
  }
  std::sort(spread.values.begin(), spread.values.end());
  return spread;
}

Spread spread_of(const Results& results, std::string_view experiment, std::string_view shape, std::uint32_t clients,
                 std::string_view figure) {
  return spread_of(results, experiment, shape, clients,
                   [name = std::string(figure)](const Sample& sample) -> std::optional<double> {
                     const auto found = sample.figures.find(name);
                     if (found == sample.figures.end()) return std::nullopt;
                     return found->second;
                   });
}

Spread memory_per_client(const Results& results, std::string_view shape) {
  std::map<std::uint32_t, std::vector<std::pair<double, double>>> rounds;
  for (const Sample& sample : results.samples) {
    const auto pss = sample.figures.find("pss_bytes");
    if (sample.experiment == "memory" && sample.shape == shape && pss != sample.figures.end())
      rounds[sample.round].emplace_back(sample.clients, pss->second);
  }
  Spread spread;
  for (const auto& [round, points] : rounds)
    if (const std::optional<double> one = slope(points)) spread.values.push_back(*one);
  std::sort(spread.values.begin(), spread.values.end());
  return spread;
}

bool tool_was_the_limit(const Sample& sample) {
  if (!sample.detail.is_object() || !sample.detail.contains("remarks")) return false;
  const nlohmann::json& remarks = sample.detail.at("remarks");
  return std::any_of(remarks.begin(), remarks.end(), [](const nlohmann::json& remark) {
    return remark.is_string() && remark.get_ref<const std::string&>().starts_with(kToolWasTheLimit);
  });
}

std::size_t tool_limited_samples(const Results& results, std::string_view experiment, std::string_view shape,
                                 std::uint32_t clients) {
  return static_cast<std::size_t>(
      std::count_if(results.samples.begin(), results.samples.end(), [&](const Sample& sample) {
        return sample.experiment == experiment && sample.shape == shape && sample.clients == clients &&
               tool_was_the_limit(sample);
      }));
}

bool tool_can_limit(std::string_view experiment, std::string_view figure) noexcept {
  const bool closed_loop = experiment == "echo" || experiment == "fanout";
  return closed_loop && (figure == "throughput_per_s" || figure.starts_with("latency_"));
}

std::vector<std::uint32_t> client_counts(const Results& results, std::string_view experiment) {
  std::set<std::uint32_t> counts;
  for (const Sample& sample : results.samples)
    if (sample.experiment == experiment) counts.insert(sample.clients);
  return {counts.begin(), counts.end()};
}

Verdict compare_spreads(const Spread& first, const Spread& second) noexcept {
  if (std::min(first.values.size(), second.values.size()) < kLeastSamples) return Verdict::NoDifference;
  const auto clearly_above = [](const Spread& upper, const Spread& lower) {
    return upper.low() > lower.high() && upper.median() >= lower.median() * (1 + kLeastDifference);
  };
  if (clearly_above(first, second)) return Verdict::FirstHigher;
  if (clearly_above(second, first)) return Verdict::SecondHigher;
  return Verdict::NoDifference;
}

double separated_by_chance_once_in(std::size_t first, std::size_t second) noexcept {
  double orders = 1;  // C(first + second, second), of which two are separated
  for (std::size_t i = 1; i <= second; ++i) orders *= static_cast<double>(first + i) / static_cast<double>(i);
  return orders / 2;
}

}  // namespace rookery::load
