// client/load/report/findings.h
//
// What a comparison has found, in plain words, made from the figures by rule: processes against threads first, then
// against the other shapes. Nothing is said that the samples do not show; what was not measured is named.
//
//     const Summary summary = summarize(results);
//     print: failures, then cautions, then comparisons.front().in_words, then every comparison's findings
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/load/compare/results.h"

namespace rookery::load {

enum class Outcome : std::uint8_t {
  FirstBetter,   // wherever the two differ, and they do somewhere
  SecondBetter,  // likewise
  Depends,       // one is better here, the other there
  NoDifference,  // beyond the noise
  Unknown,       // not measured in both, or too few samples
};

// One topic: "Throughput, echo".
struct Finding {
  std::string topic;
  Outcome outcome = Outcome::Unknown;
  std::vector<std::string>
      lines;            // one for each number of clients: "with 100 clients: 1.4 times as high with ... (...)"
  std::string brief;    // the same for a list of topics: "1.2 to 1.4 times as high"; empty if there is nothing to add
  std::string example;  // where they differ most: "up to 1.4 times as high with threads"
  std::string proof;    // there: "with 100 clients: processes 1.2 ms, threads 1.7 ms"
  double ratio = 1;     // there, of the higher median to the lower
  bool none_at_all = false;                 // everything is 0 in every run
  std::vector<std::uint32_t> tool_limited;  // with so many clients the load tool was the limit: nothing to be told
  std::size_t contrasts = 0;                // how many comparisons are in it that chance may have decided
  double by_chance = 0;                     // how many of them it is expected to separate

  [[nodiscard]] std::string text() const;  // all lines in one
};

// The topics with one outcome: {..., "Better with threads", "start-up (1.7 times as high with processes); ..."}
struct Statement {
  Outcome outcome;
  std::string about;
  std::string topics;
};

struct Comparison {
  std::string first;                  // a Shape's key
  std::string second;                 // likewise
  std::string title;                  // "Processes against threads"
  std::string count;                  // "Of 17 topics processes are better in 4, threads in 2; ..."
  std::vector<std::string> in_words;  // the answer in a few sentences, what matters most first
  std::string in_short;               // one sentence; empty if there is no difference
  std::vector<Statement> answer;
  std::vector<Finding> findings;
};

struct Summary {
  std::vector<std::string> failures;  // in which sample, what; nothing else may be believed before these are understood
  std::vector<std::string> cautions;  // few rounds, experiments and shapes that are missing
  std::vector<Comparison> comparisons;
};

[[nodiscard]] Summary summarize(const Results& results);

// "threads", "a thread per client": fits behind "with" and "than".
[[nodiscard]] std::string shape_name(const Results& results, const std::string& key);
// Which of the page's five colours and symbols a shape has, the same in every report: 0 to 3, and 4 for shapes that
// this program does not know.
[[nodiscard]] std::size_t shape_colour(const std::string& key);
// "echo with 100 clients, threads, round 2"
[[nodiscard]] std::string name_of(const Results& results, const Sample& sample);
// What the load tool has said about a sample's figures.
[[nodiscard]] std::vector<std::string> remarks_of(const Sample& sample);
// "10, 100 and 1,000"
[[nodiscard]] std::string listed(const std::vector<std::string>& words);
// "with 10, 100 and 1,000 clients"
[[nodiscard]] std::string with_clients(const std::vector<std::uint32_t>& counts);

}  // namespace rookery::load
