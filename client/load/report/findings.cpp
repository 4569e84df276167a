// client/load/report/findings.cpp
#include "client/load/report/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>

#include "client/load/compare/figures.h"
#include "client/load/report/two_shapes.h"
#include "client/load/report/units.h"

namespace rookery::load {
namespace {

constexpr std::array<std::string_view, 4> kShapes{"processes", "threads", "mixed", "thread-per-client"};
constexpr std::array<std::string_view, 6> kExperiments{"start", "memory", "echo", "fanout", "paced", "crash"};
// Separating equal shapes by chance is rare enough from here on.
constexpr std::uint32_t kEnoughRounds = 5;
// Of a fixed rate: less is more than the ends of a run can explain.
constexpr double kReached = 0.95;

// "echo with 100 clients"
std::string place_of(const Sample& sample) {
  if (sample.clients == 0) return sample.experiment;
  return fmt::format("{} with {} client{}", sample.experiment, readable(sample.clients, "clients"),
                     sample.clients == 1 ? "" : "s");
}

std::string plain_name(std::string_view key) {
  if (key == "mixed") return "the mixture";
  if (key == "thread-per-client") return "a thread per client";
  return std::string(key);
}

// In how many samples of one experiment on one shape are there figures, at the number of clients with the fewest?
std::size_t fewest_samples(const Results& results, std::string_view experiment, std::string_view shape) {
  std::size_t fewest = results.rounds;
  for (const std::uint32_t clients : client_counts(results, experiment)) {
    const auto there = std::count_if(results.samples.begin(), results.samples.end(), [&](const Sample& sample) {
      return sample.experiment == experiment && sample.shape == shape && sample.clients == clients &&
             !sample.figures.empty();
    });
    fewest = std::min(fewest, static_cast<std::size_t>(there));
  }
  return fewest;
}

// What was said of samples, each thing once for each experiment and number of clients, with the runs of each shape that
// it was said of. Things that differ in their numbers only are one thing.
class SaidOf {
 public:
  explicit SaidOf(const Results& results) : results_(results) {}

  void add(const Sample& sample, const std::string& what) {
    std::string kind = fmt::format("{}/{}/", sample.experiment, sample.clients);
    for (const char letter : what)
      if (std::isdigit(static_cast<unsigned char>(letter)) == 0) kind += letter;
    const auto [known, is_new] = places_.try_emplace(std::move(kind), said_.size());
    if (is_new) said_.push_back({sample, what, {}});
    ++said_[known->second].runs[sample.shape];
  }

  [[nodiscard]] std::vector<std::string> texts() const {
    std::vector<std::string> texts;
    for (const Said& said : said_) {
      std::size_t all = 0;
      std::vector<std::string> runs;
      for (const Shape& shape : results_.shapes) {
        const auto found = said.runs.find(shape.key);
        if (found == said.runs.end()) continue;
        all += found->second;
        runs.push_back(fmt::format("{} with {}", found->second, shape_name(results_, shape.key)));
      }
      if (all <= 1)
        texts.push_back(name_of(results_, said.first) + ": " + said.what);
      else
        texts.push_back(fmt::format("{}, in {} runs ({}): {}{}", place_of(said.first), all, listed(runs), said.what,
                                    has_numbers(said.what) ? " (in the first of them)" : ""));
    }
    return texts;
  }

 private:
  struct Said {
    Sample first;
    std::string what;
    std::map<std::string, std::size_t> runs;
  };

  static bool has_numbers(const std::string& what) {
    return std::any_of(what.begin(), what.end(),
                       [](char letter) { return std::isdigit(static_cast<unsigned char>(letter)) != 0; });
  }

  const Results& results_;
  std::map<std::string, std::size_t> places_;  // in said_
  std::vector<Said> said_;
};

std::vector<std::string> failures_of(const Results& results) {
  SaidOf said(results);
  for (const Sample& sample : results.samples)
    for (const std::string& failure : sample.failures) said.add(sample, failure);
  return said.texts();
}

// What the load tool itself had to say about its figures.
std::vector<std::string> remarks_of(const Results& results) {
  SaidOf said(results);
  for (const Sample& sample : results.samples)
    for (const std::string& remark : remarks_of(sample)) said.add(sample, remark);
  return said.texts();
}

// Latencies at a rate that was not reached are those of an overload.
std::vector<std::string> fallen_behind(const Results& results) {
  std::map<std::string, std::size_t> late;
  for (const Sample& sample : results.samples) {
    const auto rate = sample.figures.find("rate_per_s");
    const auto reached = sample.figures.find("throughput_per_s");
    if (rate == sample.figures.end() || reached == sample.figures.end()) continue;
    if (reached->second < rate->second * kReached) ++late[shape_name(results, sample.shape)];
  }
  std::vector<std::string> texts;
  texts.reserve(late.size());
  for (const auto& [name, count] : late)
    texts.push_back(
        fmt::format("At the fixed rate {} of the runs with {} fell behind: their latencies are those of an overload.",
                    count, name));
  return texts;
}

std::vector<std::string> cautions_of(const Results& results) {
  std::vector<std::string> cautions;
  if (results.rounds < kLeastSamples) {
    cautions.push_back(fmt::format(
        "With {} round{} there are too few runs to tell any difference from chance; at least {} are needed.",
        results.rounds, results.rounds == 1 ? "" : "s", kLeastSamples));
  } else if (results.rounds < kEnoughRounds) {
    cautions.push_back(
        fmt::format("Only {} rounds: where two shapes are equal, chance alone separates this few runs once in {:.0f} "
                    "comparisons. The whole "
                    "comparison (without --quick) takes {} rounds or more.",
                    results.rounds, separated_by_chance_once_in(results.rounds, results.rounds), kEnoughRounds));
  }

  std::vector<std::string> missing;
  for (const std::string_view key : kShapes) {
    const bool there = std::any_of(results.samples.begin(), results.samples.end(), [key](const Sample& sample) {
      return sample.shape == key && !sample.figures.empty();
    });
    if (!there) missing.push_back(plain_name(key));
  }
  if (!missing.empty()) cautions.push_back("Shapes that were not measured: " + listed(missing) + ".");

  missing.clear();
  for (const std::string_view experiment : kExperiments)
    if (client_counts(results, experiment).empty()) missing.emplace_back(experiment);
  if (!missing.empty()) cautions.push_back("Experiments that were not made: " + listed(missing) + ".");

  for (const Shape& shape : results.shapes) {
    missing.clear();
    for (const std::string_view experiment : kExperiments) {
      if (client_counts(results, experiment).empty()) continue;
      const std::size_t there = fewest_samples(results, experiment, shape.key);
      if (there < results.rounds)
        missing.push_back(fmt::format("{} ({} of {} rounds)", experiment, there, results.rounds));
    }
    if (!missing.empty())
      cautions.push_back("Incomplete with " + shape_name(results, shape.key) + ": " + listed(missing) + ".");
  }
  for (const std::vector<std::string>& more : {fallen_behind(results), remarks_of(results)})
    cautions.insert(cautions.end(), more.begin(), more.end());
  return cautions;
}

}  // namespace

std::string Finding::text() const {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "; ") + line;
  return text;
}

Summary summarize(const Results& results) {
  Summary summary{failures_of(results), cautions_of(results), {}};
  std::vector<std::string> keys;
  for (const std::string_view key : kShapes)
    for (const Shape& shape : results.shapes)
      if (shape.key == key) keys.push_back(shape.key);
  for (const Shape& shape : results.shapes)
    if (std::find(keys.begin(), keys.end(), shape.key) == keys.end()) keys.push_back(shape.key);
  for (std::size_t other = 1; other < keys.size(); ++other)
    summary.comparisons.push_back(compare_shapes(results, keys.front(), keys[other]));
  return summary;
}

std::string shape_name(const Results& results, const std::string& key) {
  if (std::find(kShapes.begin(), kShapes.end(), key) != kShapes.end()) return plain_name(key);
  for (const Shape& shape : results.shapes)
    if (shape.key == key) return shape.title;
  return key;
}

std::size_t shape_colour(const std::string& key) {
  return static_cast<std::size_t>(std::find(kShapes.begin(), kShapes.end(), key) - kShapes.begin());
}

std::string name_of(const Results& results, const Sample& sample) {
  return fmt::format("{}, {}, round {}", place_of(sample), shape_name(results, sample.shape), sample.round + 1);
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " and " : ", ";
    text += words[i];
  }
  return text;
}

std::vector<std::string> remarks_of(const Sample& sample) {
  std::vector<std::string> remarks;
  if (!sample.detail.is_object() || !sample.detail.contains("remarks")) return remarks;
  for (const nlohmann::json& remark : sample.detail.at("remarks"))
    if (remark.is_string()) remarks.push_back(remark.get<std::string>());
  return remarks;
}

std::string with_clients(const std::vector<std::uint32_t>& counts) {
  std::vector<std::string> words;
  words.reserve(counts.size());
  for (const std::uint32_t clients : counts) words.push_back(readable(clients, "clients"));
  return fmt::format("with {} client{}", listed(words), counts == std::vector<std::uint32_t>{1} ? "" : "s");
}

}  // namespace rookery::load
