// client/load/report/plots.cpp
#include "client/load/report/plots.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "client/load/compare/figures.h"
#include "client/load/report/distribution_plots.h"
#include "client/load/report/findings.h"
#include "client/load/report/spread_point.h"
#include "client/load/report/units.h"

namespace rookery::load {
namespace {

// One figure of a plot that may show several of each shape.
struct Part {
  std::string_view figure;
  std::string_view label;  // "p99"; empty if it is the only one
};

struct PlotSubject {
  std::string_view id;
  std::string_view experiment;
  std::string_view title;
  std::string_view how_to_read;
  std::string_view quantity;  // of the axis: "latency"
  std::string_view unit;
  std::vector<Part> parts;
  bool logarithmic_clients = true;
  bool logarithmic = false;
};

double largest_of(const Results& results, const PlotSubject& subject) {
  double largest = 0;
  for (const std::uint32_t clients : client_counts(results, subject.experiment))
    for (const Shape& shape : results.shapes)
      for (const Part& part : subject.parts) {
        const Spread spread = spread_of(results, subject.experiment, shape.key, clients, part.figure);
        if (!spread.empty()) largest = std::max(largest, spread.median());
      }
  return largest;
}

std::string so_many_clients(std::uint32_t clients) {
  return fmt::format("{} client{}", format_number(clients), clients == 1 ? "" : "s");
}

// Where there is something to draw.
std::vector<std::uint32_t> counts_of(const Results& results, const PlotSubject& subject) {
  std::vector<std::uint32_t> counts = client_counts(results, subject.experiment);
  std::erase_if(counts, [&](std::uint32_t clients) {
    for (const Shape& shape : results.shapes)
      for (const Part& part : subject.parts)
        if (!spread_of(results, subject.experiment, shape.key, clients, part.figure).empty()) return false;
    return true;
  });
  return counts;
}

// What everybody has at the largest number of clients.
std::string essence_of(const Results& results, const PlotSubject& subject) {
  const std::vector<std::uint32_t> counts = counts_of(results, subject);
  if (counts.empty()) return {};
  std::vector<std::string> words;
  for (const Part& part : subject.parts) {
    for (const Shape& shape : results.shapes) {
      const Spread spread = spread_of(results, subject.experiment, shape.key, counts.back(), part.figure);
      if (spread.empty()) continue;
      words.push_back(fmt::format("{}{}{} {}", shape_name(results, shape.key), part.label.empty() ? "" : ", ",
                                  part.label, readable(spread.median(), subject.unit)));
    }
  }
  std::string text = std::string(subject.title) + ". Medians";
  if (counts.back() > 0) text += " with " + so_many_clients(counts.back());
  text += ": ";
  for (std::size_t i = 0; i < words.size(); ++i) text += (i > 0 ? "; " : "") + words[i];
  return text + ".";
}

// Where the picture shows the load tool rather than the server.
std::string limit_of_the_tool(const Results& results, const PlotSubject& subject) {
  std::vector<std::uint32_t> limited;
  for (const std::uint32_t clients : client_counts(results, subject.experiment))
    if (std::any_of(results.shapes.begin(), results.shapes.end(), [&](const Shape& shape) {
          return tool_limited_samples(results, subject.experiment, shape.key, clients) > 0;
        }))
      limited.push_back(clients);
  if (limited.empty() || !tool_can_limit(subject.experiment, subject.parts.front().figure)) return {};
  return " The load tool was the limit in some runs " + with_clients(limited) +
         ": what stands there is not the server's best.";
}

Plot begin_plot(const Results& results, const PlotSubject& subject, const Scale& scale, Plot::Kind kind) {
  Plot plot;
  plot.kind = kind;
  plot.id = subject.id;
  plot.title = subject.title;
  plot.how_to_read = subject.how_to_read;
  plot.essence = essence_of(results, subject);
  plot.y.title = std::string(subject.quantity);
  if (!scale.unit.empty() && scale.unit != subject.quantity) plot.y.title += ", " + std::string(scale.unit);
  return plot;
}

Plot against_clients(const Results& results, const PlotSubject& subject) {
  const Scale scale = scale_for(subject.unit, largest_of(results, subject));
  const std::vector<std::uint32_t> counts = counts_of(results, subject);
  Plot plot = begin_plot(results, subject, scale, Plot::Kind::Lines);
  plot.x = {"clients", subject.logarithmic_clients && (counts.empty() || counts.front() > 0)};
  plot.y.logarithmic = subject.logarithmic;
  if (subject.parts.size() > 1)
    plot.how_to_read +=
        fmt::format(" Full lines are {}, dashed ones {}.", subject.parts[0].label, subject.parts[1].label);
  plot.how_to_read += " Shapes stand a hair apart so that none hides another.";
  for (const Shape& shape : results.shapes) {
    for (const Part& part : subject.parts) {
      Series series{shape.key, shape.title, &part == &subject.parts.front() ? "" : "second", {}};
      if (!part.label.empty()) series.label += ", " + std::string(part.label);
      for (const std::uint32_t clients : counts) {
        const Spread spread = spread_of(results, subject.experiment, shape.key, clients, part.figure);
        if (!spread.empty()) series.points.push_back(spread_point(clients, spread, scale, subject.unit));
      }
      plot.series.push_back(std::move(series));
    }
  }
  return plot;
}

// With a single number of clients a line has only one point, and bars say more: a group for each part.
Plot side_by_side(const Results& results, const PlotSubject& subject) {
  const Scale scale = scale_for(subject.unit, largest_of(results, subject));
  const std::vector<std::uint32_t> counts = counts_of(results, subject);
  Plot plot = begin_plot(results, subject, scale, Plot::Kind::Bars);
  for (const Part& part : subject.parts) {
    std::string group(part.label);
    if (counts.front() > 0) group += (group.empty() ? "" : ", ") + so_many_clients(counts.front());
    plot.groups.push_back(std::move(group));
  }
  for (const Shape& shape : results.shapes) {
    Series series{shape.key, shape.title, "", {}};
    for (std::size_t i = 0; i < subject.parts.size(); ++i) {
      const Spread spread = spread_of(results, subject.experiment, shape.key, counts.front(), subject.parts[i].figure);
      if (!spread.empty()) series.points.push_back(spread_point(static_cast<double>(i), spread, scale, subject.unit));
    }
    plot.series.push_back(std::move(series));
  }
  return plot;
}

// Two parts on top of each other; the error bar belongs to their sum.
Plot stacked(const Results& results, const PlotSubject& subject) {
  const auto sum = [&subject](const Sample& sample) -> std::optional<double> {
    double total = 0;
    for (const Part& part : subject.parts) {
      const auto found = sample.figures.find(std::string(part.figure));
      if (found == sample.figures.end()) return std::nullopt;
      total += found->second;
    }
    return total;
  };
  const std::vector<std::uint32_t> counts = counts_of(results, subject);
  double largest = 0;
  for (const std::uint32_t clients : counts)
    for (const Shape& shape : results.shapes)
      if (const Spread total = spread_of(results, subject.experiment, shape.key, clients, sum); !total.empty())
        largest = std::max(largest, total.median());
  const Scale scale = scale_for(subject.unit, largest);
  Plot plot = begin_plot(results, subject, scale, Plot::Kind::Bars);
  for (const std::uint32_t clients : counts) plot.groups.push_back(so_many_clients(clients));
  for (const Shape& shape : results.shapes) {
    for (const Part& part : subject.parts) {
      const bool top = &part == &subject.parts.back();
      Series series{shape.key, shape.title + ", " + std::string(part.label), top ? "second" : "", {}};
      for (std::size_t i = 0; i < counts.size(); ++i) {
        const Spread spread = spread_of(results, subject.experiment, shape.key, counts[i], part.figure);
        const Spread total = spread_of(results, subject.experiment, shape.key, counts[i], sum);
        if (spread.empty() || total.empty()) continue;
        Point point = spread_point(static_cast<double>(i), spread, scale, subject.unit);
        point.low = top ? total.low() * scale.factor : point.y;
        point.high = top ? total.high() * scale.factor : point.y;
        series.points.push_back(std::move(point));
      }
      plot.series.push_back(std::move(series));
    }
  }
  return plot;
}

constexpr std::string_view kHigherIsBetter =
    "Higher is better. What is drawn is the median of all rounds; the thin mark on it reaches from the lowest to the "
    "highest.";
constexpr std::string_view kLowerIsBetter =
    "Lower is better. What is drawn is the median of all rounds; the thin mark on it reaches from the lowest to the "
    "highest.";
constexpr std::string_view kReadLatency =
    "Lower is better: half of the requests are faster than p50, one in a hundred is slower than p99. Each client sends "
    "as soon as it is answered, so with more clients there is more to wait for.";
constexpr std::string_view kReadNotice =
    "Lower is better: of all clients, those whose connection ended, and those who waited so long that people notice. "
    "What "
    "is drawn is the median of all rounds; the thin mark on it reaches from the lowest to the highest.";
constexpr std::string_view kReadPauses =
    "Lower is better: of each client that the death touched, the time from the due moment of a request, or from the "
    "end "
    "of its connection, to the next answer. What is drawn is the median of all rounds; the thin mark on it reaches "
    "from the lowest to the highest.";
constexpr std::string_view kReadCpu =
    "Lower is better: what all processes of the server together spend on one operation, full colour in its own code "
    "(user), pale in the kernel (system). The thin mark on top is the spread of the sum.";
constexpr std::string_view kReadSwitches =
    "Lower is better: full colour where a thread went to sleep by itself (voluntary), pale where the kernel took the "
    "core away (involuntary, forced). The thin mark on top is the spread of the sum.";

}  // namespace

std::vector<Plot> plots_of(const Results& results) {
  const std::vector<Part> latencies{{"latency_p50_us", "p50"}, {"latency_p99_us", "p99"}};
  const std::vector<Part> cpu{{"cpu_user_us_per_op", "user"}, {"cpu_system_us_per_op", "system"}};
  const std::vector<Part> switches{{"switches_voluntary_per_op", "voluntary"},
                                   {"switches_involuntary_per_op", "involuntary"}};

  std::vector<Plot> plots;
  const auto add = [&plots](Plot plot) {
    std::erase_if(plot.series, [](const Series& series) { return series.points.empty(); });
    if (!plot.series.empty()) plots.push_back(std::move(plot));
  };
  const auto add_lines = [&](const PlotSubject& subject) {
    const std::size_t counts = counts_of(results, subject).size();
    if (counts == 0) return;
    Plot plot = counts == 1 ? side_by_side(results, subject) : against_clients(results, subject);
    plot.how_to_read += limit_of_the_tool(results, subject);
    add(std::move(plot));
  };

  add_lines(
      {"echo-throughput", "echo", "Echo: throughput", kHigherIsBetter, "answers", "/s", {{"throughput_per_s", ""}}});
  add_lines(
      {"echo-latency", "echo", "Echo: latency at full load", kReadLatency, "latency", "µs", latencies, true, true});
  add_lines({"fanout-throughput",
             "fanout",
             "Fan-out: throughput",
             kHigherIsBetter,
             "deliveries",
             "/s",
             {{"throughput_per_s", ""}}});
  add_lines({"fanout-latency", "fanout", "Fan-out: latency at full load", kReadLatency, "latency", "µs", latencies,
             true, true});
  add(percentile_plot(results));
  add(stacked(results, {"paced-cpu", "paced", "Fixed rate: CPU for each request", kReadCpu, "CPU", "µs", cpu}));
  add(stacked(results, {"echo-cpu", "echo", "Echo: CPU for each request", kReadCpu, "CPU", "µs", cpu}));
  add(stacked(results, {"fanout-cpu", "fanout", "Fan-out: CPU for each delivery", kReadCpu, "CPU", "µs", cpu}));
  add(stacked(results, {"paced-switches", "paced", "Fixed rate: context switches for each request", kReadSwitches,
                        "context switches", "/op", switches}));
  add(stacked(results, {"echo-switches", "echo", "Echo: context switches for each request", kReadSwitches,
                        "context switches", "/op", switches}));
  add(stacked(results, {"fanout-switches", "fanout", "Fan-out: context switches for each delivery", kReadSwitches,
                        "context switches", "/op", switches}));
  add_lines({"memory",
             "memory",
             "Memory",
             kLowerIsBetter,
             "memory of all processes (PSS)",
             "bytes",
             {{"pss_bytes", ""}},
             false});
  add_lines({"start", "start", "Start-up", kLowerIsBetter, "until ready", "ms", {{"start_ms", ""}}});
  add(timeline_plot(results));
  add_lines({"crash-clients",
             "crash",
             "A crash: how many notice",
             kReadNotice,
             "clients",
             "clients",
             {{"cut_off", "cut off"}, {"paused", "paused"}}});
  add_lines({"crash-pauses",
             "crash",
             "A crash: for how long",
             kReadPauses,
             "without an answer",
             "ms",
             {{"pause_p50_ms", "p50"}, {"pause_max_ms", "longest"}}});
  return plots;
}

nlohmann::json to_json(const Plot& plot) {
  static constexpr const char* kKinds[] = {"lines", "bars", "percentiles", "timeline"};
  nlohmann::json series = nlohmann::json::array();
  for (const Series& one : plot.series) {
    nlohmann::json points = nlohmann::json::array();
    for (const Point& point : one.points)
      points.push_back(
          {{"x", point.x}, {"y", point.y}, {"low", point.low}, {"high", point.high}, {"text", point.text}});
    series.push_back({{"shape", one.shape}, {"label", one.label}, {"part", one.part}, {"points", std::move(points)}});
  }
  const auto axis = [](const Axis& one) { return nlohmann::json{{"title", one.title}, {"log", one.logarithmic}}; };
  return {{"id", plot.id},
          {"kind", kKinds[static_cast<std::size_t>(plot.kind)]},
          {"title", plot.title},
          {"x", axis(plot.x)},
          {"y", axis(plot.y)},
          {"groups", plot.groups},
          {"series", std::move(series)}};
}

}  // namespace rookery::load
