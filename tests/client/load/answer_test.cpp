// tests/client/load/answer_test.cpp
//
// The sentences above the findings: what they say first, and that nothing is said which the samples do not show.
#include "client/load/report/answer.h"

#include <gmock/gmock.h>

#include "tests/client/load/synthetic_results.h"

namespace rookery::load {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

TEST(InWords, EqualSpeedIsTheFirstThingToSay) {
  Truth truth = Truth::alike();
  truth.noise = 0;
  truth.shapes["processes"].killed_share = 0.25;
  truth.shapes["threads"].start = 0.5;
  const std::vector<std::string> words = summarize(synthetic_results(truth)).comparisons[0].in_words;
  ASSERT_THAT(words, SizeIs(3));
  EXPECT_THAT(words[0],
              StartsWith("Between processes and threads there is no difference beyond the noise in throughput "
                         "and latency, in "));
  EXPECT_THAT(words[1],
              StartsWith("When one worker process is killed, the number of clients cut off is 4.0 times as high "
                         "with threads (processes 25, threads 100)"));
  EXPECT_THAT(words[1], HasSubstr("; no acknowledged message was lost with either."));
  EXPECT_EQ(words[2], "The time to start is 2.0 times as high with processes (processes 12 ms, threads 6 ms).");
}

TEST(InWords, ADifferenceInSpeedComesFirst) {
  Truth truth = Truth::alike();
  truth.noise = 0;
  truth.shapes["processes"].killed_share = 0.25;
  truth.shapes["threads"].throughput = 1.4;
  const std::vector<std::string> words = summarize(synthetic_results(truth)).comparisons[0].in_words;
  ASSERT_THAT(words, SizeIs(3));
  EXPECT_THAT(words[0], AllOf(StartsWith("The throughput of echo is up to 1.4 times as high with threads (with "),
                              HasSubstr(" and the throughput of fan-out is ")));
  EXPECT_THAT(words[1], StartsWith("When one worker process is killed, "));
}

TEST(InShort, HasTheLargestDifferenceOfEachKind) {
  Truth truth = Truth::alike();
  truth.noise = 0;
  truth.shapes["thread-per-client"].memory_per_client = 8;
  truth.shapes["thread-per-client"].cpu = 2;
  const Summary summary = summarize(synthetic_results(truth));
  EXPECT_EQ(
      summary.comparisons[2].in_short,
      "The largest differences between processes and a thread per client: CPU for a request at a fixed rate is 2.0 "
      "times as high with a thread per client and memory for each client is 8.0 times as high with a thread per "
      "client.");
  EXPECT_EQ(summary.comparisons[1].in_short, "");
}

TEST(InWords, TooFewRunsTellNothing) {
  Truth truth = Truth::realistic();
  truth.rounds = 1;
  EXPECT_THAT(summarize(synthetic_results(truth)).comparisons[0].in_words,
              ElementsAre("These samples cannot tell processes from threads."));
}

TEST(InWords, WhatTheLoadToolLimitedStandsRightBehindTheAnswerAboutSpeed) {
  Truth truth = Truth::alike();
  truth.noise = 0;
  truth.shapes["threads"].start = 0.5;
  Results results = synthetic_results(truth);
  for (Sample& sample : results.samples)
    if (sample.experiment == "echo" && sample.clients == 100)
      sample.detail["remarks"] = {"the load tool was the limit"};
  const std::vector<std::string> words = summarize(results).comparisons[0].in_words;
  ASSERT_THAT(words, SizeIs(3));
  EXPECT_THAT(words[0], StartsWith("Between processes and threads there is no difference"));
  EXPECT_THAT(words[1],
              StartsWith("The load tool, not the server, was the limit for the throughput of echo with 100 "));
  EXPECT_THAT(words[2], StartsWith("The time to start is 2.0 times as high with processes"));
}

}  // namespace
}  // namespace rookery::load
