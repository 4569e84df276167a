// tests/client/load/table_test.cpp
#include "client/load/report/table.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "client/load/report/units.h"
#include "tests/client/load/synthetic_results.h"

namespace rookery::load {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
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

TEST(Table, MarksWhatTheLoadToolLimited) {
  Results results = synthetic_results(Truth::alike());
  EXPECT_THAT(text_of(results), Not(HasSubstr("*")));
  for (Sample& sample : results.samples)
    if (sample.experiment == "echo" && sample.shape == "threads" && sample.clients == 100 && sample.round == 0)
      sample.detail["remarks"] = {"the load tool was the limit"};
  std::string block;
  std::map<std::string, std::size_t> marks;
  for (const std::string& line : lines_of(results)) {
    EXPECT_LE(width_of(line), 100U) << line;
    if (line.starts_with("echo,")) block = line.substr(0, line.find("  "));
    if (line.starts_with("throughput") || line.starts_with("latency") || line.starts_with("CPU per operation"))
      marks[block + ": " + line.substr(0, line.find(','))] +=
          static_cast<std::size_t>(std::count(line.begin(), line.end(), '*'));
    if (line.starts_with("fan-out,")) break;
  }
  EXPECT_EQ(marks["echo, 100 clients: throughput"], 1U);
  EXPECT_EQ(marks["echo, 100 clients: latency"], 5U);
  EXPECT_EQ(marks["echo, 100 clients: CPU per operation"], 0U);
  EXPECT_EQ(marks["echo, 10 clients: throughput"], 0U);
  EXPECT_THAT(text_of(results), HasSubstr("\n* In at least one of these runs the load tool was the limit"));
}

TEST(Table, MemoryForEachClientStandsBelowMemory) {
  const std::vector<std::string> lines = lines_of(synthetic_results(Truth::alike()));
  const auto slope =
      std::find_if(lines.begin(), lines.end(), [](const auto& line) { return line.starts_with("  for each client"); });
  ASSERT_NE(slope, lines.end());
  EXPECT_THAT(*(slope - 1), StartsWith("memory (PSS)"));
  EXPECT_THAT(*(slope + 1), StartsWith("page tables"));
}

TEST(Table, OfNothingIsNoCrash) {
  EXPECT_THAT(text_of(Results{}), HasSubstr("Experiments that were not made"));
}

}  // namespace
}  // namespace rookery::load
