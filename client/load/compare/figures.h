// client/load/compare/figures.h
//
// What the figures of a comparison mean, and what many samples of one say: the median, the spread, and whether two
// shapes differ at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "client/load/compare/results.h"

namespace rookery::load {

enum class Better : std::uint8_t { Higher, Lower };

struct FigureKind {
  std::string_view key;    // "latency_p99_us"
  std::string_view title;  // "latency, p99"
  std::string_view unit;   // "µs"
  Better better;
};
[[nodiscard]] std::span<const FigureKind> figure_kinds() noexcept;
[[nodiscard]] const FigureKind* find_figure(std::string_view key) noexcept;

struct Spread {
  std::vector<double> values;  // rising
  [[nodiscard]] bool empty() const noexcept { return values.empty(); }
  // Of an even number of values: halfway between the middle two. None may be asked for when empty.
  [[nodiscard]] double median() const noexcept;
  [[nodiscard]] double low() const noexcept { return values.front(); }
  [[nodiscard]] double high() const noexcept { return values.back(); }
};

[[nodiscard]] Spread spread_of(const Results& results, std::string_view experiment, std::string_view shape,
                               std::uint32_t clients, std::string_view figure);

// The same of what `value` makes of a sample, for figures that are made of others; samples without one are passed over.
using ValueOfSample = std::function<std::optional<double>(const Sample&)>;
[[nodiscard]] Spread spread_of(const Results& results, std::string_view experiment, std::string_view shape,
                               std::uint32_t clients, const ValueOfSample& value);

// Bytes that one more client takes: in each round the slope of the line through its samples of "memory" (least
// squares).
[[nodiscard]] Spread memory_per_client(const Results& results, std::string_view shape);

// Whether the load tool has remarked of a sample that it was busier than the server: then the throughput and the
// closed-loop latency are the tool's own, and the costs of the server remain the server's.
inline constexpr std::string_view kToolWasTheLimit = "the load tool was the limit";
[[nodiscard]] bool tool_was_the_limit(const Sample& sample);
// In how many samples of one shape.
[[nodiscard]] std::size_t tool_limited_samples(const Results& results, std::string_view experiment,
                                               std::string_view shape, std::uint32_t clients);
// Whether a figure of an experiment is one that the tool can limit.
[[nodiscard]] bool tool_can_limit(std::string_view experiment, std::string_view figure) noexcept;

// The numbers of clients that an experiment has samples of, rising.
[[nodiscard]] std::vector<std::uint32_t> client_counts(const Results& results, std::string_view experiment);

// Two shapes differ beyond the noise if every sample of one lies above every sample of the other and the medians are at
// least kLeastDifference apart (of the lower). With five samples each, equal shapes do that by chance once in 126 (two
// ways out of C(10,5) = 252 orders); with three once in ten, which is why a quick comparison says so beside its
// findings; with fewer it is too often to say anything.
inline constexpr double kLeastDifference = 0.03;
inline constexpr std::size_t kLeastSamples = 3;
enum class Verdict : std::uint8_t { NoDifference, FirstHigher, SecondHigher };
[[nodiscard]] Verdict compare_spreads(const Spread& first, const Spread& second) noexcept;

// How often chance alone separates so many samples of one shape from so many of an equal one: once in this many
// comparisons. REQUIRES: at least one of each.
[[nodiscard]] double separated_by_chance_once_in(std::size_t first, std::size_t second) noexcept;

}  // namespace rookery::load
