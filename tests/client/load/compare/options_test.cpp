// What the command line of `rookery-load compare` comes to, and what it refuses.
#include "client/load/compare/options.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "client/load/compare/shapes.h"

namespace rookery::load {
namespace {

CompareOptions parsed(std::vector<std::string> words) {
  CLI::App app;
  CompareArguments arguments;
  add_compare_arguments(app, arguments);
  std::ranges::reverse(words);  // as CLI11 wants them
  app.parse(words);
  return options_of(arguments);
}

std::string complaint_about(const std::vector<std::string>& words) {
  try {
    static_cast<void>(parsed(words));
  } catch (const std::exception& error) {
    return error.what();
  }
  return "none";
}

std::vector<std::string> keys(const CompareOptions& options) {
  std::vector<std::string> result;
  for (const Shape& shape : options.shapes) result.push_back(shape.key);
  return result;
}

TEST(CompareOptions, MeasureEverythingByDefault) {
  const CompareOptions options = parsed({});
  EXPECT_GE(options.rounds, 5U);
  EXPECT_EQ(options.clients, (std::vector<std::uint32_t>{10, 100, 1000}));
  EXPECT_EQ(keys(options), (std::vector<std::string>{"processes", "threads", "mixed", "thread-per-client"}));
  EXPECT_EQ(options.parallel % 2, 0U);
  EXPECT_TRUE(options.output.string().starts_with("rookery-compare-2")) << options.output;
}

TEST(CompareOptions, QuickIsShorter) {
  EXPECT_EQ(parsed({"--quick"}).rounds, 3U);
  EXPECT_EQ(parsed({"--quick", "--rounds", "7"}).rounds, 7U);
  EXPECT_LT(timing_of(parsed({"--quick"})).echo, timing_of(parsed({})).echo);
}

TEST(CompareOptions, ListsOfClientsAreSortedAndWithoutDoubles) {
  EXPECT_EQ(parsed({"--clients", "50,10,50"}).clients, (std::vector<std::uint32_t>{10, 50}));
}

TEST(CompareOptions, ShapesHaveAsMuchAtTheSameTime) {
  const CompareOptions options = parsed({"--parallel", "6", "--shapes", "mixed,processes,threads"});
  EXPECT_EQ(keys(options), (std::vector<std::string>{"processes", "threads", "mixed"}));
  EXPECT_EQ(options.shapes[0].options, (std::vector<std::string>{"--workers", "6", "--loops", "1"}));
  EXPECT_EQ(options.shapes[1].options, (std::vector<std::string>{"--workers", "1", "--loops", "6"}));
  EXPECT_EQ(options.shapes[2].options, (std::vector<std::string>{"--workers", "2", "--loops", "3"}));
}

TEST(CompareOptions, AThreadForEachClientIsAModelOfItsOwn) {
  EXPECT_EQ(parsed({"--shapes", "thread-per-client"}).shapes[0].options,
            (std::vector<std::string>{"--workers", "1", "--loops", "1", "--model", "thread-per-client"}));
}

TEST(CompareOptions, WhatIsWrongIsNamed) {
  EXPECT_NE(complaint_about({"--parallel", "3"}).find("3 is odd"), std::string::npos);
  EXPECT_NE(complaint_about({"--shapes", "processes,fibres"}).find("'fibres' is no shape"), std::string::npos);
  for (const char* list : {"", "10,", "ten", "0", "-5", "10 20", "99999999999"})
    EXPECT_NE(complaint_about({std::string("--clients=") + list}), "none") << list;
  EXPECT_NE(complaint_about({"--rounds", "0"}), "none");
  EXPECT_NE(complaint_about({"--server", "/there/is/no/such/program"}), "none");
  EXPECT_NE(complaint_about({"--sever", "x"}), "none");
}

TEST(DefaultParallel, IsEvenAndAtLeastFour) {
  EXPECT_EQ(default_parallel(1), 4U);
  EXPECT_EQ(default_parallel(4), 4U);
  EXPECT_EQ(default_parallel(5), 6U);
  EXPECT_EQ(default_parallel(16), 16U);
}

}  // namespace
}  // namespace rookery::load
