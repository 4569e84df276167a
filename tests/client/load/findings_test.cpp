// tests/client/load/findings_test.cpp
//
// Each test knows what is true of its results and wants to read exactly that.
#include "client/load/report/findings.h"

#include <gmock/gmock.h>

#include "tests/client/load/synthetic_results.h"

namespace rookery::load {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

const Finding& find(const Summary& summary, const std::string& topic, std::size_t comparison = 0) {
  for (const Finding& finding : summary.comparisons.at(comparison).findings)
    if (finding.topic == topic) return finding;
  throw std::runtime_error("no topic " + topic);
}

void drop(Results& results, const std::string& experiment, const std::string& shape = "") {
  std::erase_if(results.samples, [&](const Sample& sample) {
    return sample.experiment == experiment && (shape.empty() || sample.shape == shape);
  });
}

TEST(Findings, ProcessesAgainstThreadsComeFirst) {
  Truth truth = Truth::alike();
  Results results = synthetic_results(truth);
  std::reverse(results.shapes.begin(), results.shapes.end());
  const Summary summary = summarize(results);
  ASSERT_THAT(summary.comparisons, SizeIs(3));
  EXPECT_EQ(summary.comparisons[0].title, "Processes against threads");
  EXPECT_EQ(summary.comparisons[1].title, "Processes against the mixture");
  EXPECT_EQ(summary.comparisons[2].title, "Processes against a thread per client");
}

// Rounds that differ among each other by the same in all shapes: nobody lies wholly above another.
TEST(Findings, EqualShapesShowNoDifferenceAnywhere) {
  Truth truth = Truth::alike();
  Results results = synthetic_results(truth);
  const std::vector<Sample> of_processes = [&results] {
    std::vector<Sample> samples;
    for (const Sample& sample : results.samples)
      if (sample.shape == "processes") samples.push_back(sample);
    return samples;
  }();
  results.samples = of_processes;
  for (Sample sample : of_processes) {
    sample.shape = "threads";
    results.samples.push_back(sample);
  }
  std::erase_if(results.shapes, [](const Shape& shape) { return shape.key != "processes" && shape.key != "threads"; });
  const Summary summary = summarize(results);
  ASSERT_THAT(summary.comparisons, SizeIs(1));
  for (const Finding& finding : summary.comparisons[0].findings) {
    EXPECT_EQ(finding.outcome, Outcome::NoDifference) << finding.topic;
    EXPECT_THAT(finding.text(), Not(HasSubstr("times"))) << finding.topic;
  }
  EXPECT_THAT(summary.comparisons[0].answer, ElementsAre(Field(&Statement::about, "No difference beyond the noise")));
}

TEST(Findings, SayWhoIsBetterByHowMuchAndBothMedians) {
  Truth truth = Truth::alike();
  truth.noise = 0.001;
  truth.shapes["processes"].throughput = 1.4;
  truth.shapes["threads"].start = 0.5;
  truth.shapes["threads"].latency = 1.12;
  const Summary summary = summarize(synthetic_results(truth));

  const Finding& throughput = find(summary, "Throughput, echo");
  EXPECT_EQ(throughput.outcome, Outcome::FirstBetter);
  EXPECT_EQ(throughput.brief, "1.4 times as high");
  EXPECT_THAT(
      throughput.text(),
      HasSubstr("with 1,000 clients: 1.4 times as high with processes (processes 221,000/s, threads 158,000/s)"));

  const Finding& start = find(summary, "Start-up");
  EXPECT_EQ(start.outcome, Outcome::SecondBetter);
  EXPECT_THAT(start.text(),
              AllOf(HasSubstr("2.0 times as high with processes"), HasSubstr("12.0 ms"), HasSubstr("6.00 ms")));

  const Finding& latency = find(summary, "Latency at a fixed rate, p99");
  EXPECT_EQ(latency.outcome, Outcome::FirstBetter);
  EXPECT_THAT(latency.text(), AllOf(HasSubstr("11 % lower with processes"), HasSubstr("390 µs"), HasSubstr("437 µs")));
}

TEST(Findings, TurnRoundWithTheirResults) {
  Truth truth = Truth::alike();
  truth.shapes["processes"] = Truth::realistic().shapes["thread-per-client"];
  Truth reversed = Truth::alike();
  reversed.shapes["threads"] = truth.shapes["processes"];
  const Summary one = summarize(synthetic_results(truth));
  const Summary other = summarize(synthetic_results(reversed));
  const auto turned = [](Outcome outcome) {
    if (outcome == Outcome::FirstBetter) return Outcome::SecondBetter;
    if (outcome == Outcome::SecondBetter) return Outcome::FirstBetter;
    return outcome;
  };
  int differences = 0;
  for (const char* topic :
       {"Throughput, echo", "Throughput, fan-out", "Latency at a fixed rate, p50", "Memory for each client",
        "CPU per operation, echo", "Context switches per operation, echo", "Start-up"}) {
    EXPECT_EQ(find(other, topic).outcome, turned(find(one, topic).outcome)) << topic;
    if (find(one, topic).outcome != Outcome::NoDifference) ++differences;
  }
  EXPECT_EQ(differences, 7);
}

TEST(Findings, SayWhereItDepends) {
  Truth truth = Truth::alike();
  truth.noise = 0.001;
  truth.shapes["processes"].memory = 2;
  truth.shapes["threads"].memory_per_client = 9;
  const Finding memory = find(summarize(synthetic_results(truth)), "Memory in all");
  EXPECT_EQ(memory.outcome, Outcome::Depends);
  EXPECT_THAT(memory.text(), AllOf(HasSubstr("without clients: 2.0 times as high with processes"),
                                   HasSubstr("with 1,000 clients: 1.8 times as high with threads")));
}

TEST(Findings, ACrashIsToldInClients) {
  Truth truth = Truth::alike();
  truth.shapes["processes"].killed_share = 0.25;
  const Summary summary = summarize(synthetic_results(truth));
  EXPECT_EQ(find(summary, "A crash: clients cut off").outcome, Outcome::FirstBetter);
  EXPECT_EQ(find(summary, "A crash: clients cut off").brief, "processes 25, threads 100");
  EXPECT_THAT(find(summary, "A crash: acknowledged messages lost").text(), HasSubstr("none with either"));
}

TEST(Findings, WhatOnlyOneHasIsNotARatio) {
  Truth truth = Truth::alike();
  truth.shapes["processes"].killed_share = 0;
  EXPECT_THAT(find(summarize(synthetic_results(truth)), "A crash: clients cut off").text(),
              HasSubstr("only with threads (processes 0, threads 100)"));
}

TEST(Findings, FailuresAreToldWithTheirSample) {
  Results results = synthetic_results(Truth::alike());
  EXPECT_THAT(summarize(results).failures, IsEmpty());
  for (Sample& sample : results.samples)
    if (sample.experiment == "echo" && sample.shape == "threads" && sample.clients == 1000 && sample.round == 1)
      sample.failures = {"3 messages were lost"};
  EXPECT_THAT(summarize(results).failures,
              ElementsAre("echo with 1,000 clients, threads, round 2: 3 messages were lost"));
}

TEST(Findings, WhatIsMissingIsNamed) {
  Results results = synthetic_results(Truth::alike());
  EXPECT_THAT(summarize(results).cautions, IsEmpty());
  drop(results, "crash");
  drop(results, "paced", "threads");
  std::erase_if(results.shapes, [](const Shape& shape) { return shape.key == "mixed"; });
  std::erase_if(results.samples, [](const Sample& sample) { return sample.shape == "mixed"; });
  const Summary summary = summarize(results);
  EXPECT_THAT(summary.cautions, Contains("Shapes that were not measured: the mixture."));
  EXPECT_THAT(summary.cautions, Contains("Experiments that were not made: crash."));
  EXPECT_THAT(summary.cautions, Contains("Incomplete with threads: paced (0 of 5 rounds)."));
  EXPECT_THAT(summary.comparisons, SizeIs(2));
  const Finding& latency = find(summary, "Latency at a fixed rate, p50");
  EXPECT_EQ(latency.outcome, Outcome::Unknown);
  EXPECT_THAT(latency.text(), HasSubstr("not measured with threads"));
  EXPECT_THAT(summary.comparisons[0].findings, Not(Contains(Field(&Finding::topic, StartsWith("A crash")))));
}

TEST(Findings, WithoutProcessesTheNextShapesAreCompared) {
  Results results = synthetic_results(Truth::alike());
  std::erase_if(results.shapes, [](const Shape& shape) { return shape.key == "processes"; });
  std::erase_if(results.samples, [](const Sample& sample) { return sample.shape == "processes"; });
  const Summary summary = summarize(results);
  EXPECT_THAT(summary.cautions, Contains("Shapes that were not measured: processes."));
  ASSERT_THAT(summary.comparisons, SizeIs(2));
  EXPECT_EQ(summary.comparisons[0].title, "Threads against the mixture");
}

TEST(Findings, FewRoundsComeWithAWarning) {
  Truth truth = Truth::alike();
  truth.rounds = 3;
  EXPECT_THAT(summarize(synthetic_results(truth)).cautions, Contains(HasSubstr("once in 10 comparisons")));
}

TEST(Findings, OneRoundTellsNothing) {
  Truth truth = Truth::realistic();
  truth.rounds = 1;
  const Summary summary = summarize(synthetic_results(truth));
  EXPECT_THAT(summary.cautions, Contains(HasSubstr("too few runs")));
  for (const Comparison& comparison : summary.comparisons)
    for (const Finding& finding : comparison.findings) EXPECT_EQ(finding.outcome, Outcome::Unknown) << finding.topic;
}

TEST(Findings, ARateThatWasNotReachedIsSaid) {
  Results results = synthetic_results(Truth::alike());
  for (Sample& sample : results.samples)
    if (sample.experiment == "paced" && sample.shape == "mixed" && sample.round >= 3)
      sample.figures["throughput_per_s"] = sample.figures["rate_per_s"] / 2;
  EXPECT_THAT(summarize(results).cautions, Contains(HasSubstr("2 of the runs with the mixture fell behind")));
}

// One caution for each experiment and number of clients, with the runs of each shape.
TEST(Findings, RemarksOfTheLoadToolNameTheRunsThatTheyAreAbout) {
  Results results = synthetic_results(Truth::alike());
  int late = 1;
  for (Sample& sample : results.samples)
    if (sample.experiment == "echo" && ((sample.clients == 100 && sample.shape == "processes" && sample.round < 2) ||
                                        (sample.clients == 100 && sample.shape == "threads") ||
                                        (sample.clients == 1000 && sample.shape == "threads" && sample.round == 3)))
      sample.detail["remarks"] = {"it was " + std::to_string(++late) + " ms late"};
  EXPECT_THAT(
      summarize(results).cautions,
      ElementsAre("echo with 100 clients, in 7 runs (2 with processes and 5 with threads): it was 2 ms late (in "
                  "the first of them)",
                  "echo with 1,000 clients, threads, round 4: it was 8 ms late"));
}

// Nobody can tell which of two servers is faster where the tool itself could not go faster.
TEST(Findings, WhereTheLoadToolWasTheLimitSpeedIsNotTold) {
  Truth truth = Truth::alike();
  truth.noise = 0;
  truth.shapes["processes"].throughput = 2;
  Results results = synthetic_results(truth);
  for (Sample& sample : results.samples)
    if (sample.experiment == "echo" && sample.shape == "threads" && sample.clients < 1000 && sample.round == 2)
      sample.detail["remarks"] = {"the load tool was the limit: busy for 97 %"};

  const Summary summary = summarize(results);
  const Finding& partly = find(summary, "Throughput, echo");
  EXPECT_EQ(partly.outcome, Outcome::FirstBetter) << "with 1,000 clients it still is";
  ASSERT_THAT(partly.lines, SizeIs(3));
  EXPECT_THAT(partly.lines[0], StartsWith("with 10 clients: not told: the load tool was the limit (processes "));
  EXPECT_THAT(partly.lines[1], StartsWith("with 100 clients: not told: the load tool was the limit (processes "));
  EXPECT_THAT(partly.lines[2], StartsWith("with 1,000 clients: 2.0 times as high with processes"));
  EXPECT_EQ(partly.brief, "2.0 times as high, the load tool was the limit with 10 and 100 clients");
  EXPECT_EQ(partly.contrasts, 1U);
  EXPECT_THAT(find(summary, "CPU per operation, echo").text(), Not(HasSubstr("not told")))
      << "that is the server's own";
  EXPECT_THAT(find(summary, "Throughput, fan-out").text(), Not(HasSubstr("not told")));
  EXPECT_THAT(find(summary, "Throughput, echo", 1).text(), Not(HasSubstr("not told"))) << "threads are not in it";
}

TEST(Findings, WhereTheLoadToolWasTheLimitEverywhereNobodyIsBetter) {
  Truth truth = Truth::alike();
  truth.noise = 0;
  truth.shapes["processes"].throughput = 2;
  Results results = synthetic_results(truth);
  for (Sample& sample : results.samples)
    if (sample.experiment == "echo" && sample.shape == "processes")
      sample.detail["remarks"] = {"the load tool was the limit"};
  const Summary summary = summarize(results);
  EXPECT_EQ(find(summary, "Throughput, echo").outcome, Outcome::Unknown);
  EXPECT_THAT(summary.comparisons[0].in_words,
              Contains(HasSubstr("The load tool, not the server, was the limit for the throughput of echo with 10, 100 "
                                 "and 1,000 clients")));
}

TEST(Findings, ChanceIsCountedForEachComparison) {
  Results results = synthetic_results(Truth::alike());
  const Finding whole = find(summarize(results), "Throughput, echo");
  EXPECT_EQ(whole.contrasts, 3U);
  EXPECT_DOUBLE_EQ(whole.by_chance, 3.0 / 126);
  std::erase_if(results.samples, [](const Sample& sample) {
    return sample.experiment == "echo" && sample.shape == "threads" && sample.clients == 10 && sample.round < 2;
  });
  const Finding incomplete = find(summarize(results), "Throughput, echo");
  EXPECT_DOUBLE_EQ(incomplete.by_chance, 2.0 / 126 + 1.0 / 28);
}

TEST(Findings, PageTablesAreATopicOfTheirOwn) {
  Truth truth = Truth::alike();
  truth.shapes["processes"].memory = 3;
  truth.shapes["threads"].memory_per_client = 1;
  const Finding tables = find(summarize(synthetic_results(truth)), "Page tables");
  EXPECT_EQ(tables.outcome, Outcome::SecondBetter);
  EXPECT_THAT(tables.text(), HasSubstr("without clients: 3.0 times as high with processes"));
}

TEST(Findings, WhatIsTheSameInEveryRunIsSaidSo) {
  EXPECT_THAT(find(summarize(synthetic_results(Truth::alike())), "A crash: clients cut off").text(),
              HasSubstr("the same in every run (processes 100, threads 100)"));
}

TEST(Findings, SayWhereTheDifferenceIs) {
  Truth truth = Truth::alike();
  truth.noise = 0;
  Results results = synthetic_results(truth);
  for (Sample& sample : results.samples)
    if (sample.experiment == "echo" && sample.shape == "threads" && sample.clients == 1000)
      sample.figures["throughput_per_s"] *= 1.25;
  const Finding throughput = find(summarize(results), "Throughput, echo");
  EXPECT_EQ(throughput.outcome, Outcome::SecondBetter);
  EXPECT_EQ(throughput.brief, "25 % higher with 1,000 clients");
}

TEST(Findings, CountTheirTopics) {
  Truth truth = Truth::alike();
  truth.noise = 0;
  truth.shapes["threads"].start = 2;
  EXPECT_EQ(
      summarize(synthetic_results(truth)).comparisons[0].count,
      "Of 19 topics: 1 better with processes, none better with threads, 18 without a difference beyond the noise.");
}

TEST(Findings, NothingAtAllIsNoCrash) {
  const Summary summary = summarize(Results{});
  EXPECT_THAT(summary.comparisons, IsEmpty());
  EXPECT_THAT(summary.cautions, Not(IsEmpty()));
}

}  // namespace
}  // namespace rookery::load
