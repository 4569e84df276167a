// client/load/report/plots.h
//
// The plots of a comparison, as data: plots.js draws what stands here and computes nothing. Values are already in the
// unit that the axis names, and each point brings the words of its tooltip.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "client/load/compare/results.h"

namespace rookery::load {

struct Point {
  double x = 0;  // Bars: the place of its group
  double y = 0;
  double low = 0;
  double high = 0;
  std::string text;  // "1.24 ms (1.2..1.31, 5 runs)"
};

struct Series {
  std::string shape;  // a Shape's key; colours and symbols follow it
  std::string label;  // of the legend
  std::string part;   // "" or, where a shape has two series, "second": dashed or pale
  std::vector<Point> points;
};

struct Axis {
  std::string title;  // with its unit
  bool logarithmic = false;
};

struct Plot {
  enum class Kind {
    Lines,        // with error bars from low to high
    Bars,         // groups of bars, the parts of a shape stacked
    Percentiles,  // lines with bands; x is 1 / (1 - percentile), logarithmic
    Timeline,     // stepped lines with bands; something happens at x = 0
  };
  Kind kind = Kind::Lines;
  std::string id;  // "echo-throughput"
  std::string title;
  std::string how_to_read;  // one sentence
  std::string essence;      // for those who do not see it
  Axis x;
  Axis y;
  std::vector<std::string> groups;  // Bars: their titles
  std::vector<Series> series;
};

// Those that there are samples for.
[[nodiscard]] std::vector<Plot> plots_of(const Results& results);

[[nodiscard]] nlohmann::json to_json(const Plot& plot);

}  // namespace rookery::load
