// tests/client/load/table_test.cpp
#include "client/load/report/table.h"

#include <gmock/gmock.h>

#include <sstream>

#include "client/load/report/units.h"
#include "tests/client/load/synthetic_results.h"

namespace rookery::load {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

std::vector<std::string> lines_of(const Results& results) {
  std::ostringstream out;
  print_table(out, results);
  std::vector<std::string> lines;
  std::istringstream in(out.str());
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string text_of(const Results& results) {
  std::ostringstream out;
  print_table(out, results);
  return out.str();
}

TEST(Table, FitsATerminal) {
  for (const std::string& line : lines_of(synthetic_results(Truth::realistic())))
    EXPECT_LE(width_of(line), 100U) << line;
}

TEST(Table, HasTheMedianAndTheSpreadOfEachShape) {
  Truth truth = Truth::alike();
  Results results = synthetic_results(truth);
  double start = 10;
  for (Sample& sample : results.samples)
    if (sample.experiment == "start" && sample.shape == "threads") sample.figures["start_ms"] = start += 1.25;
  EXPECT_THAT(text_of(results), HasSubstr(" 13.8 (11.3..16.3) "));
}

TEST(Table, EveryColumnKeepsItsDistance) {
  for (const std::string& line : lines_of(synthetic_results(Truth::realistic())))
    EXPECT_EQ(line.find(")0"), std::string::npos) << line;
}

TEST(Table, WhatWasNotMeasuredIsADash) {
  Results results = synthetic_results(Truth::alike());
  std::erase_if(results.samples, [](const Sample& one) { return one.experiment == "start" && one.shape == "mixed"; });
  for (const std::string& line : lines_of(results)) {
    if (line.starts_with("start-up, ms")) {
      EXPECT_THAT(line, MatchesRegex(".*\\) +- +[0-9].*"));
    }
  }
}

TEST(Table, FailuresStandAboveEverything) {
  Results results = synthetic_results(Truth::alike());
  results.samples.front().failures = {"1 messages were lost"};
  EXPECT_THAT(lines_of(results).front(), StartsWith("FAILED: start, processes, round 1: 1 messages were lost"));
}

TEST(Table, EndsWithTheFindings) {
  EXPECT_THAT(text_of(synthetic_results(Truth::realistic())), HasSubstr("\nProcesses against threads\n"));
}

TEST(Table, ShowsAFigureThatItDoesNotKnow) {
  Results results = synthetic_results(Truth::alike());
  for (Sample& sample : results.samples)
    if (sample.experiment == "start") sample.figures["page_faults"] = 321;
  EXPECT_THAT(text_of(results), HasSubstr("page_faults"));
}

TEST(Table, OfNothingIsNoCrash) {
  EXPECT_THAT(text_of(Results{}), HasSubstr("Experiments that were not made"));
}

}  // namespace
}  // namespace rookery::load
