// client/load/report/distribution_plots.cpp
#include "client/load/report/distribution_plots.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "client/load/compare/figures.h"
#include "client/load/report/findings.h"
#include "client/load/report/spread_point.h"
#include "client/load/report/units.h"

namespace rookery::load {
namespace {

using Pairs = std::vector<std::pair<double, double>>;

// detail[name] as pairs of numbers; what is not such a pair is passed over.
Pairs pairs_of(const Sample& sample, const char* name) {
  Pairs pairs;
  if (!sample.detail.is_object() || !sample.detail.contains(name)) return pairs;
  for (const nlohmann::json& pair : sample.detail.at(name))
    if (pair.is_array() && pair.size() == 2 && pair[0].is_number() && pair[1].is_number())
      pairs.emplace_back(pair[0].get<double>(), pair[1].get<double>());
  return pairs;
}

double count_of(const Pairs& histogram) {
  double count = 0;
  for (const auto& [edge, times] : histogram) count += times;
  return count;
}

// The smallest edge that all but `count / x` of the values do not exceed.
double value_at(const Pairs& histogram, double count, double x) {
  const double wanted = (count - count / x) * (1 - 1e-9);  // 10 may be a little more than 10, as pow() makes it
  double seen = 0;
  for (const auto& [edge, times] : histogram) {
    seen += times;
    if (seen >= wanted && seen > 0) return edge;
  }
  return histogram.back().first;
}

constexpr double kPercentileSteps = 12;  // points in a decade
constexpr double kDecades = 4;           // up to 99.99 %

std::map<double, Spread> percentiles_of(const Results& results, const std::string& shape) {
  std::map<double, Spread> percentiles;
  for (const Sample& sample : results.samples) {
    if (sample.experiment != "paced" || sample.shape != shape) continue;
    const Pairs histogram = pairs_of(sample, "histogram");
    const double count = count_of(histogram);
    for (double step = 0; step <= kPercentileSteps * kDecades; ++step) {
      const double x = std::pow(10.0, step / kPercentileSteps);
      if (count * (1 + 1e-9) < x) break;  // beyond its last value it has nothing to say
      percentiles[x].values.push_back(value_at(histogram, count, x));
    }
  }
  for (auto& [x, spread] : percentiles) std::sort(spread.values.begin(), spread.values.end());
  return percentiles;
}

// How long after the kill the time line goes on, in milliseconds: some times as long as the longest pause that was
// usual in a shape, so that a gap of 20 ms can be seen as well as one of a second.
double end_of_timeline(const Results& results) {
  constexpr double kPausesShown = 8;
  constexpr double kLeastMs = 300;
  double longest = 0;
  for (const Shape& shape : results.shapes)
    for (const std::uint32_t clients : client_counts(results, "crash"))
      if (const Spread pauses = spread_of(results, "crash", shape.key, clients, "pause_max_ms"); !pauses.empty())
        longest = std::max(longest, pauses.median());
  return std::max(kLeastMs, kPausesShown * longest);
}

// Answers a second in each bucket, by milliseconds after the kill, from a third of `end_ms` before it.
std::map<double, Spread> timeline_of(const Results& results, const std::string& shape, double end_ms) {
  std::map<double, Spread> buckets;
  for (const Sample& sample : results.samples) {
    if (sample.experiment != "crash" || sample.shape != shape || !sample.detail.is_object()) continue;
    const double bucket_ms = sample.detail.value("bucket_ms", 0.0);
    if (!(bucket_ms > 0)) continue;
    for (const auto& [at, answers] : pairs_of(sample, "timeline"))
      if (at >= -end_ms / 3 && at < end_ms) buckets[at].values.push_back(answers * 1000 / bucket_ms);
  }
  for (auto& [at, spread] : buckets) std::sort(spread.values.begin(), spread.values.end());
  return buckets;
}

using Curves = std::map<std::string, std::map<double, Spread>>;

void add_curves(Plot& plot, const Results& results, const Curves& curves, std::string_view quantity,
                std::string_view unit) {
  double largest = 0;
  for (const auto& [shape, curve] : curves)
    for (const auto& [x, spread] : curve) largest = std::max(largest, spread.median());
  const Scale scale = scale_for(unit, largest);
  plot.y.title = fmt::format("{}, {}", quantity, scale.unit);
  for (const Shape& shape : results.shapes) {
    Series series{shape.key, shape.title, "", {}};
    for (const auto& [x, spread] : curves.at(shape.key)) series.points.push_back(spread_point(x, spread, scale, unit));
    plot.series.push_back(std::move(series));
  }
}

}  // namespace

Point spread_point(double x, const Spread& spread, const Scale& scale, std::string_view unit) {
  Point point{x, spread.median() * scale.factor, spread.low() * scale.factor, spread.high() * scale.factor, {}};
  point.text = readable(spread.median(), unit, 4);
  if (spread.values.size() > 1) {
    point.text += fmt::format(" ({} to {} in {} runs)", readable(spread.low(), unit, 4),
                              readable(spread.high(), unit, 4), spread.values.size());
  }
  return point;
}

Plot percentile_plot(const Results& results) {
  Plot plot;
  plot.kind = Plot::Kind::Percentiles;
  plot.id = "paced-percentiles";
  plot.title = "Fixed rate: the whole latency distribution";
  plot.how_to_read =
      "Lower and flatter is better. Further right are rarer requests: at 99 % one in a hundred took longer than the "
      "curve, at 99.9 % one in a thousand. Bands reach from the lowest to the highest round.";
  plot.x = {"percentile", true};
  plot.y.logarithmic = true;
  Curves curves;
  std::vector<std::string> words;
  for (const Shape& shape : results.shapes) {
    curves[shape.key] = percentiles_of(results, shape.key);
    const auto tail = curves[shape.key].upper_bound(99.99);  // 100, likewise
    if (tail != curves[shape.key].end())
      words.push_back(fmt::format("{} {}", shape_name(results, shape.key), readable(tail->second.median(), "µs")));
  }
  add_curves(plot, results, curves, "latency", "µs");
  plot.essence = plot.title + ". 99 % of the requests are answered within: " + listed(words) + ".";
  return plot;
}

Plot timeline_plot(const Results& results) {
  Plot plot;
  plot.kind = Plot::Kind::Timeline;
  plot.id = "crash-timeline";
  plot.title = "A crash: answers before and after";
  plot.how_to_read =
      "At 0 one worker process is killed under load: a gap lasts until its clients, who connect again at once, are "
      "served by another. Bands reach from the lowest to the highest round. results.json "
      "has a longer stretch.";
  plot.x = {"milliseconds after the kill", false};
  Curves curves;
  std::vector<std::string> words;
  const double end_ms = end_of_timeline(results);
  for (const Shape& shape : results.shapes) {
    curves[shape.key] = timeline_of(results, shape.key, end_ms);
    double least = std::numeric_limits<double>::infinity();
    for (const auto& [at, spread] : curves[shape.key])
      if (at >= 0) least = std::min(least, spread.median());
    if (std::isfinite(least))
      words.push_back(fmt::format("{} {}", shape_name(results, shape.key), readable(least, "/s")));
  }
  add_curves(plot, results, curves, "answers", "/s");
  plot.essence = plot.title + " one process is killed. The least afterwards: " + listed(words) + ".";
  return plot;
}

}  // namespace rookery::load
