#include "client/load/report/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace rookery::load {
namespace {

// As many differences of one aspect as a sentence can carry.
constexpr std::size_t kClauses = 3;
constexpr std::string_view kLost = "A crash: acknowledged messages lost";

struct Subject {
  std::string_view topic;
  std::string_view phrase;  // in a sentence
};

// Topics that belong into one sentence.
struct Aspect {
  std::string_view name;
  std::string_view lead;
  std::vector<Subject> subjects;
};

std::vector<Aspect> aspects() {
  return {
      {"throughput and latency",
       "",
       {{"Throughput, echo", "the throughput of echo"},
        {"Throughput, fan-out", "the throughput of fan-out"},
        {"Latency at a fixed rate, p50", "the p50 latency at a fixed rate"},
        {"Latency at a fixed rate, p99", "the p99 latency at a fixed rate"}}},
      {"what a crash costs",
       "When one worker process is killed, ",
       {{"A crash: clients cut off", "the number of clients cut off"},
        {"A crash: clients paused", "the number of clients with a pause that people notice"},
        {"A crash: the longest pause", "the longest pause"},
        {"A crash: requests never answered", "the number of requests never answered"},
        {kLost, "the number of acknowledged messages lost"}}},
      {"CPU for each operation",
       "",
       {{"CPU per operation at a fixed rate", "CPU for a request at a fixed rate"},
        {"CPU per operation, echo", "CPU for a request of echo"},
        {"CPU per delivery, fan-out", "CPU for a delivery of fan-out"}}},
      {"context switches",
       "",
       {{"Context switches per operation at a fixed rate", "the number of context switches at a fixed rate"},
        {"Context switches per operation, echo", "the number of context switches in echo"},
        {"Context switches per delivery, fan-out", "the number of context switches in fan-out"}}},
      {"memory and start-up",
       "",
       {{"Memory in all", "memory in all"},
        {"Memory for each client", "memory for each client"},
        {"Start-up", "the time to start"}}},
  };
}

std::string capitalized(std::string text) {
  if (!text.empty()) text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  return text;
}

// A finding with its place in a sentence.
struct Told {
  const Finding* finding;
  std::string phrase;
};

std::vector<Told> told_of(const Aspect& aspect, const std::vector<Finding>& findings) {
  std::vector<Told> told;
  for (const Subject& subject : aspect.subjects) {
    const auto found = std::find_if(findings.begin(), findings.end(),
                                    [&subject](const Finding& finding) { return finding.topic == subject.topic; });
    if (found != findings.end()) told.push_back({&*found, std::string(subject.phrase)});
  }
  return told;
}

bool differs(const Told& told) {
  const Outcome outcome = told.finding->outcome;
  return outcome == Outcome::FirstBetter || outcome == Outcome::SecondBetter || outcome == Outcome::Depends;
}

std::string clause(const Told& told) {
  if (told.finding->outcome == Outcome::Depends) return told.phrase + " depends on the number of clients";
  return told.phrase + " is " + told.finding->example + " (" + told.finding->proof + ")";
}

// The largest differences of one aspect; empty if there is none.
std::string sentence(const Aspect& aspect, std::vector<Told> told) {
  const bool nothing_lost = std::any_of(told.begin(), told.end(), [](const Told& one) {
    return one.finding->topic == kLost && one.finding->none_at_all;
  });
  std::erase_if(told, [](const Told& one) { return !differs(one); });
  if (told.empty()) return {};
  const std::size_t all = told.size();
  while (told.size() > kClauses)
    told.erase(std::min_element(told.begin(), told.end(), [](const Told& one, const Told& other) {
      return one.finding->ratio < other.finding->ratio;
    }));
  std::vector<std::string> clauses;
  clauses.reserve(told.size());
  for (const Told& one : told) clauses.push_back(clause(one));
  std::string text = capitalized(std::string(aspect.lead) + listed(clauses));
  if (nothing_lost) text += "; no acknowledged message was lost with either";
  if (all > kClauses) text += fmt::format("; {} more stand below", all - kClauses);
  return text + ".";
}

}  // namespace

std::vector<std::string> in_words(const std::vector<Finding>& findings, const std::string& first,
                                  const std::string& second) {
  std::vector<std::string> differences;
  std::vector<std::string> alike;
  std::vector<std::string> limited;
  std::vector<std::string> unknown;
  bool equally_fast = false;
  for (const Aspect& aspect : aspects()) {
    const bool is_speed = aspect.name == aspects().front().name;
    const std::vector<Told> told = told_of(aspect, findings);
    if (std::string text = sentence(aspect, told); !text.empty()) differences.push_back(std::move(text));
    const auto is_alike = [](const Told& one) { return one.finding->outcome == Outcome::NoDifference; };
    if (!told.empty() && std::all_of(told.begin(), told.end(), is_alike)) {
      equally_fast = equally_fast || is_speed;
      alike.push_back("in " + std::string(aspect.name));
    } else if (is_speed) {
      for (const Told& one : told)
        if (is_alike(one)) alike.push_back("in " + one.phrase);
    }
    for (const Told& one : told) {
      if (!one.finding->tool_limited.empty())
        limited.push_back(one.phrase + " " + with_clients(one.finding->tool_limited));
      else if (one.finding->outcome == Outcome::Unknown)
        unknown.push_back(one.phrase);
    }
  }
  if (differences.empty() && alike.empty() && limited.empty())
    return {fmt::format("These samples cannot tell {} from {}.", first, second)};

  std::vector<std::string> sentences = std::move(differences);
  std::vector<std::string> about_both;
  if (!alike.empty())
    about_both.push_back(
        fmt::format("Between {} and {} there is no difference beyond the noise {}.", first, second, listed(alike)));
  if (!limited.empty())
    about_both.push_back(
        fmt::format("The load tool, not the server, was the limit for {}: there these figures do not "
                    "tell which of the two is better.",
                    listed(limited)));
  sentences.insert(equally_fast ? sentences.begin() : sentences.end(), about_both.begin(), about_both.end());
  if (!unknown.empty()) sentences.push_back(fmt::format("Too few runs, or none, tell about {}.", listed(unknown)));
  return sentences;
}

std::string in_short(const std::vector<Finding>& findings, const std::string& first, const std::string& second) {
  std::vector<std::string> clauses;
  for (const Aspect& aspect : aspects()) {
    const Told* largest = nullptr;
    const std::vector<Told> told = told_of(aspect, findings);
    for (const Told& one : told) {
      const bool one_sided = differs(one) && one.finding->outcome != Outcome::Depends;
      if (one_sided && (largest == nullptr || one.finding->ratio > largest->finding->ratio)) largest = &one;
    }
    if (largest != nullptr) clauses.push_back(largest->phrase + " is " + largest->finding->example);
  }
  if (clauses.empty()) return {};
  return fmt::format("The largest differences between {} and {}: {}.", first, second, listed(clauses));
}

std::vector<Statement> statements_of(const std::vector<Finding>& findings, const std::string& first,
                                     const std::string& second) {
  std::vector<Statement> statements;
  const auto state = [&](std::string about, Outcome outcome) {
    std::vector<std::string> topics;
    for (const Finding& finding : findings) {
      if (finding.outcome != outcome) continue;
      std::string topic = finding.topic;
      if (!std::isupper(static_cast<unsigned char>(topic[1])))
        topic.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(topic.front())));
      topics.push_back(topic + (finding.brief.empty() ? "" : " (" + finding.brief + ")"));
    }
    if (!topics.empty()) statements.push_back({outcome, std::move(about), fmt::format("{}", fmt::join(topics, "; "))});
  };
  state("Better with " + first, Outcome::FirstBetter);
  state("Better with " + second, Outcome::SecondBetter);
  state("One or the other, by the number of clients", Outcome::Depends);
  state("No difference beyond the noise", Outcome::NoDifference);
  if (!statements.empty()) state("Not to be told from these samples", Outcome::Unknown);
  return statements;
}

std::string count_of(const std::vector<Finding>& findings, const std::string& first, const std::string& second) {
  const auto with = [&findings](Outcome outcome) {
    return std::count_if(findings.begin(), findings.end(),
                         [outcome](const Finding& finding) { return finding.outcome == outcome; });
  };
  if (findings.empty()) return "Nothing was measured.";
  if (with(Outcome::Unknown) == std::ssize(findings))
    return fmt::format("These samples tell nothing about any of {} topics.", findings.size());
  const auto number = [](std::ptrdiff_t one) { return one == 0 ? std::string("none") : std::to_string(one); };
  std::string text =
      fmt::format("Of {} topics: {} better with {}, {} better with {}, {} without a difference beyond the noise",
                  findings.size(), number(with(Outcome::FirstBetter)), first, number(with(Outcome::SecondBetter)),
                  second, number(with(Outcome::NoDifference)));
  if (with(Outcome::Depends) > 0) text += fmt::format(", {} by the number of clients", with(Outcome::Depends));
  if (with(Outcome::Unknown) > 0) text += fmt::format(", {} not to be told from these samples", with(Outcome::Unknown));
  return text + ".";
}

}  // namespace rookery::load
