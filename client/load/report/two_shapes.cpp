// client/load/report/two_shapes.cpp
#include "client/load/report/two_shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <optional>
#include <set>

#include "client/load/compare/figures.h"
#include "client/load/report/answer.h"
#include "client/load/report/units.h"

namespace rookery::load {
namespace {

// What is compared, and how it is called.
struct Topic {
  std::string_view title;
  std::string_view experiment;
  ValueOfSample value;
  std::string_view unit;
  Better better;
  bool tool_can_limit = false;
};

// One figure of both shapes, at one number of clients.
struct Contrast {
  Spread first;
  Spread second;
  Outcome outcome = Outcome::Unknown;
  double ratio = 1;           // of the higher median to the lower; infinite if that is 0
  bool tool_limited = false;  // then the outcome stays unknown
};

// From here on "1.4 times as high" says more than "40 % higher".
constexpr double kInTimesFrom = 1.3;

ValueOfSample figure(std::string_view key) {
  return [name = std::string(key)](const Sample& sample) -> std::optional<double> {
    const auto found = sample.figures.find(name);
    if (found == sample.figures.end()) return std::nullopt;
    return found->second;
  };
}

ValueOfSample combined(std::string_view left, std::string_view right, double (*operation)(double, double)) {
  return [one = figure(left), other = figure(right), operation](const Sample& sample) -> std::optional<double> {
    const std::optional<double> a = one(sample);
    const std::optional<double> b = other(sample);
    if (!a || !b) return std::nullopt;
    return operation(*a, *b);
  };
}

std::vector<Topic> topics() {
  const auto sum = [](double a, double b) { return a + b; };
  const ValueOfSample switches = combined("switches_voluntary_per_op", "switches_involuntary_per_op", sum);
  return {
      {"Throughput, echo", "echo", figure("throughput_per_s"), "/s", Better::Higher, true},
      {"Throughput, fan-out", "fanout", figure("throughput_per_s"), "/s", Better::Higher, true},
      {"Latency at a fixed rate, p50", "paced", figure("latency_p50_us"), "µs", Better::Lower},
      {"Latency at a fixed rate, p99", "paced", figure("latency_p99_us"), "µs", Better::Lower},
      {"CPU per operation at a fixed rate", "paced", figure("cpu_us_per_op"), "µs", Better::Lower},
      {"CPU per operation, echo", "echo", figure("cpu_us_per_op"), "µs", Better::Lower},
      {"CPU per delivery, fan-out", "fanout", figure("cpu_us_per_op"), "µs", Better::Lower},
      {"Context switches per operation at a fixed rate", "paced", switches, "", Better::Lower},
      {"Context switches per operation, echo", "echo", switches, "", Better::Lower},
      {"Context switches per delivery, fan-out", "fanout", switches, "", Better::Lower},
      {"Memory in all", "memory", figure("pss_bytes"), "bytes", Better::Lower},
      {"Page tables", "memory", figure("page_tables_bytes"), "bytes", Better::Lower},
      {"Start-up", "start", figure("start_ms"), "ms", Better::Lower},
      {"A crash: clients cut off", "crash", figure("cut_off"), "clients", Better::Lower},
      {"A crash: clients paused", "crash", figure("paused"), "clients", Better::Lower},
      {"A crash: the longest pause", "crash", figure("pause_max_ms"), "ms", Better::Lower},
      {"A crash: requests never answered", "crash", figure("unanswered"), "requests", Better::Lower},
      {"A crash: acknowledged messages lost", "crash", figure("lost"), "messages", Better::Lower},
  };
}

Contrast contrast(Spread first, Spread second, Better better, bool tool_limited = false) {
  Contrast result;
  result.first = std::move(first);
  result.second = std::move(second);
  result.tool_limited = tool_limited;
  if (tool_limited || std::min(result.first.values.size(), result.second.values.size()) < kLeastSamples) return result;
  const double low = std::min(result.first.median(), result.second.median());
  const double high = std::max(result.first.median(), result.second.median());
  if (high > low) result.ratio = low > 0 ? high / low : std::numeric_limits<double>::infinity();
  switch (compare_spreads(result.first, result.second)) {
    case Verdict::NoDifference:
      result.outcome = Outcome::NoDifference;
      break;
    case Verdict::FirstHigher:
      result.outcome = better == Better::Higher ? Outcome::FirstBetter : Outcome::SecondBetter;
      break;
    case Verdict::SecondHigher:
      result.outcome = better == Better::Higher ? Outcome::SecondBetter : Outcome::FirstBetter;
      break;
  }
  return result;
}

bool differs(const Contrast& contrast) {
  return contrast.outcome == Outcome::FirstBetter || contrast.outcome == Outcome::SecondBetter;
}

class Pair {
 public:
  Pair(const Results& results, std::string first, std::string second)
      : results_(results),
        first_(std::move(first)),
        second_(std::move(second)),
        first_name_(shape_name(results, first_)),
        second_name_(shape_name(results, second_)) {}

  [[nodiscard]] Comparison compare() const {
    Comparison comparison;
    comparison.first = first_;
    comparison.second = second_;
    comparison.title = first_name_ + " against " + second_name_;
    comparison.title.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(comparison.title.front())));
    for (const Topic& topic : topics()) {
      if (client_counts(results_, topic.experiment).empty()) continue;  // among the cautions
      const bool anything =
          std::any_of(results_.samples.begin(), results_.samples.end(), [&topic](const Sample& sample) {
            return sample.experiment == topic.experiment && topic.value(sample).has_value();
          });
      if (!anything) continue;
      comparison.findings.push_back(find(topic));
      if (topic.title == "Memory in all") comparison.findings.push_back(find_memory_per_client());
    }
    comparison.count = count_of(comparison.findings, first_name_, second_name_);
    comparison.answer = statements_of(comparison.findings, first_name_, second_name_);
    comparison.in_words = in_words(comparison.findings, first_name_, second_name_);
    comparison.in_short = in_short(comparison.findings, first_name_, second_name_);
    return comparison;
  }

 private:
  [[nodiscard]] Finding find(const Topic& topic) const {
    std::vector<std::pair<std::string, Contrast>> places;
    std::vector<std::uint32_t> limited;
    const std::vector<std::uint32_t> counts = client_counts(results_, topic.experiment);
    for (const std::uint32_t clients : counts) {
      const bool tool_limited =
          topic.tool_can_limit && tool_limited_samples(results_, topic.experiment, first_, clients) +
                                          tool_limited_samples(results_, topic.experiment, second_, clients) >
                                      0;
      if (tool_limited) limited.push_back(clients);
      Contrast one =
          contrast(spread_of(results_, topic.experiment, first_, clients, topic.value),
                   spread_of(results_, topic.experiment, second_, clients, topic.value), topic.better, tool_limited);
      places.emplace_back(clients == 0 ? (counts.size() > 1 ? "without clients" : "") : with_clients({clients}),
                          std::move(one));
    }
    Finding result = finding(std::string(topic.title), topic, places);
    result.tool_limited = std::move(limited);
    if (!result.tool_limited.empty()) {
      result.brief += (result.brief.empty() ? "" : ", ") + std::string(kToolWasTheLimit);
      if (result.tool_limited.size() < counts.size()) result.brief += " " + with_clients(result.tool_limited);
    }
    return result;
  }

  [[nodiscard]] Finding find_memory_per_client() const {
    const Topic topic{"Memory for each client", "memory", {}, "bytes", Better::Lower};
    return finding(
        std::string(topic.title), topic,
        {{"", contrast(memory_per_client(results_, first_), memory_per_client(results_, second_), topic.better)}});
  }

  [[nodiscard]] Finding finding(std::string title, const Topic& topic,
                                const std::vector<std::pair<std::string, Contrast>>& places) const {
    Finding result;
    result.topic = std::move(title);
    std::set<Outcome> outcomes;
    double least = 0;
    double most = 0;
    int differing = 0;
    std::string only_place;
    for (const auto& [where, contrast] : places) {
      result.lines.push_back(where + (where.empty() ? "" : ": ") + words(contrast, topic));
      if (contrast.outcome != Outcome::Unknown) {
        outcomes.insert(contrast.outcome);
        ++result.contrasts;
        result.by_chance +=
            1 / separated_by_chance_once_in(contrast.first.values.size(), contrast.second.values.size());
      }
      if (!differs(contrast)) continue;
      ++differing;
      only_place = where;
      if (contrast.ratio > result.ratio) {
        result.ratio = contrast.ratio;
        result.example = with_whom(contrast.ratio, contrast.outcome, topic.better);
        result.proof = (places.size() > 1 ? where + ": " : "") + medians(contrast, topic);
      }
      least = least == 0 ? contrast.ratio : std::min(least, contrast.ratio);
      most = std::max(most, contrast.ratio);
    }
    result.none_at_all = std::all_of(places.begin(), places.end(), [](const auto& place) {
      const Contrast& one = place.second;
      return !one.first.empty() && !one.second.empty() && one.first.high() == 0 && one.second.high() == 0;
    });
    if (differing > 1 && std::isfinite(result.ratio)) result.example = "up to " + result.example;
    const bool some_alike = outcomes.erase(Outcome::NoDifference) > 0;
    if (outcomes.size() > 1) {
      result.outcome = Outcome::Depends;
    } else if (outcomes.size() == 1) {
      result.outcome = *outcomes.begin();
      const bool small_numbers = places.size() == 1 && topic.experiment == "crash";  // they say more than their ratio
      result.brief =
          small_numbers ? medians(places.front().second, topic) : range(least, most, result.outcome, topic.better);
      if (some_alike) result.brief += differing == 1 ? " " + only_place : " with some numbers of clients";
    } else if (some_alike) {
      result.outcome = Outcome::NoDifference;
    }
    return result;
  }

  // "1.4 times as high with threads (processes 1.2 ms, threads 1.7 ms)"
  [[nodiscard]] std::string words(const Contrast& contrast, const Topic& topic) const {
    if (contrast.first.empty() && contrast.second.empty()) return "not measured";
    if (contrast.first.empty() || contrast.second.empty())
      return "not measured with " + (contrast.first.empty() ? first_name_ : second_name_);
    const std::string both = " (" + medians(contrast, topic) + ")";
    if (contrast.tool_limited) return "not told: " + std::string(kToolWasTheLimit) + both;
    switch (contrast.outcome) {
      case Outcome::Unknown:
        return "too few runs to tell" + both;
      case Outcome::NoDifference:
        if (contrast.first.high() == 0 && contrast.second.high() == 0) return "none with either";
        if (contrast.first.low() == contrast.second.high() && contrast.first.high() == contrast.second.low())
          return "the same in every run" + both;
        return "no difference beyond the noise" + both;
      default:
        return with_whom(contrast.ratio, contrast.outcome, topic.better) + both;
    }
  }

  [[nodiscard]] std::string medians(const Contrast& contrast, const Topic& topic) const {
    const double larger = std::max(contrast.first.median(), contrast.second.median());
    return fmt::format("{} {}, {} {}", first_name_, readable_beside(contrast.first.median(), larger, topic.unit),
                       second_name_, readable_beside(contrast.second.median(), larger, topic.unit));
  }

  [[nodiscard]] const std::string& winner(Outcome outcome) const {
    return outcome == Outcome::FirstBetter ? first_name_ : second_name_;
  }
  [[nodiscard]] const std::string& loser(Outcome outcome) const {
    return outcome == Outcome::FirstBetter ? second_name_ : first_name_;
  }

  // Beside small differences who is better is named, beside large ones who is higher.
  [[nodiscard]] const std::string& subject(double ratio, Outcome outcome, Better better) const {
    return better == Better::Lower && ratio >= kInTimesFrom ? loser(outcome) : winner(outcome);
  }

  [[nodiscard]] std::string with_whom(double ratio, Outcome outcome, Better better) const {
    if (std::isinf(ratio)) return "only with " + (better == Better::Higher ? winner(outcome) : loser(outcome));
    const auto [number, phrase] = how_much(ratio, better);
    return number + phrase + " with " + subject(ratio, outcome, better);
  }

  // {"1.4", " times as high"}, {"12", " % lower"}
  [[nodiscard]] static std::pair<std::string, std::string> how_much(double ratio, Better better) {
    if (ratio >= kInTimesFrom) return {fmt::format("{:.{}f}", ratio, ratio < 9.95 ? 1 : 0), " times as high"};
    if (better == Better::Higher) return {fmt::format("{:.0f}", (ratio - 1) * 100), " % higher"};
    return {fmt::format("{:.0f}", (1 - 1 / ratio) * 100), " % lower"};
  }

  // "1.4 to 1.6 times as high", "20 to 30 % lower": as seen from whoever is better.
  [[nodiscard]] std::string range(double least, double most, Outcome outcome, Better better) const {
    if (std::isinf(most)) return with_whom(most, outcome, better);
    if (better == Better::Lower) {
      const int low = static_cast<int>(std::lround((1 - 1 / least) * 100));
      const int high = static_cast<int>(std::lround((1 - 1 / most) * 100));
      return low == high ? fmt::format("{} % lower", low) : fmt::format("{} to {} % lower", low, high);
    }
    const auto [low, low_phrase] = how_much(least, better);
    const auto [high, high_phrase] = how_much(most, better);
    if (low_phrase != high_phrase) return "up to " + high + high_phrase;
    return (low == high ? low : low + " to " + high) + high_phrase;
  }

  const Results& results_;
  std::string first_;
  std::string second_;
  std::string first_name_;
  std::string second_name_;
};

}  // namespace

Comparison compare_shapes(const Results& results, const std::string& first, const std::string& second) {
  return Pair(results, first, second).compare();
}

}  // namespace rookery::load
