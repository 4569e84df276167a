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

TEST(Findings, RemarksOfTheLoadToolArePassedOnOnce) {
  Results results = synthetic_results(Truth::alike());
  int busy = 90;
  for (Sample& sample : results.samples)
    if (sample.experiment == "fanout" && sample.round == 0)
      sample.detail["remarks"] = {"the load tool was the limit, busy for " + std::to_string(++busy) + " %"};
  EXPECT_THAT(
      summarize(results).cautions,
      ElementsAre("fanout with 10 clients, processes, round 1: the load tool was the limit, busy for 91 % (and the "
                  "like 11 more times)"));
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
      "Of 18 topics: 1 better with processes, none better with threads, 17 without a difference beyond the noise.");
}

TEST(Findings, NothingAtAllIsNoCrash) {
  const Summary summary = summarize(Results{});
  EXPECT_THAT(summary.comparisons, IsEmpty());
  EXPECT_THAT(summary.cautions, Not(IsEmpty()));
}

}  // namespace
}  // namespace rookery::load
