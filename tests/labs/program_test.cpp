// The program around the labs: the list, the help of each, and what it says to words that it does not know.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/labs/lab_run.h"

namespace rookery::labs {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> names_of_all_labs() {
  std::vector<std::string> names;
  for (const std::string& line : run_lab("").lines) {
    std::string name;
    if (line.starts_with("  ") && std::istringstream(line) >> name) names.push_back(name);
  }
  return names;
}

TEST(LabProgram, ListsTheLabsInTeachingOrder) {
  const LabRun run = run_lab("");
  EXPECT_EQ(run.exit_code, 0) << run.errors;
  std::size_t place = 0;
  for (const char* const name : {"first-thread", "two-threads", "racing-threads", "lost-update", "lock", "deadlock",
                                 "semaphore", "timer", "barrier", "event", "producer-consumer", "thread-pool"}) {
    const std::size_t found = run.find("  " + std::string(name) + " ");
    EXPECT_LT(found, run.lines.size()) << name;
    EXPECT_GT(found, place) << name;
    place = found;
  }
}

TEST(LabProgram, EachLabHasItsHelp) {
  for (const std::string& name : names_of_all_labs()) {
    const LabRun run = run_lab(name + " --help");
    EXPECT_EQ(run.exit_code, 0) << name << run.errors;
    EXPECT_LT(run.find("Usage: rookery-lab " + name), run.lines.size()) << run.output();
  }
}

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(LabProgram, EachLabHasItsPageAndIsInTheIndex) {
  const std::string index = contents(LAB_SOURCES "/README.md");
  std::size_t place = 0;
  for (const std::string& name : names_of_all_labs()) {
    const std::string page = contents(LAB_SOURCES "/" + name + ".md");
    EXPECT_THAT(page, HasSubstr("rookery-lab " + name)) << "says how to run it";
    EXPECT_THAT(page, HasSubstr("(" + name + ".cpp)")) << "leads to the program";
    EXPECT_TRUE(std::filesystem::exists(LAB_SOURCES "/" + name + ".cpp")) << name;
    const std::size_t found = index.find("(" + name + ".md)");
    ASSERT_NE(found, std::string::npos) << name;
    EXPECT_GT(found, place) << name << " is not in teaching order";
    place = found;
  }
}

TEST(LabProgram, HelpShowsOptionsWithDefaults) {
  const LabRun run = run_lab("two-threads --help");
  EXPECT_THAT(run.output(), HasSubstr("--letters-pause"));
  EXPECT_THAT(run.output(), HasSubstr("150"));
}

TEST(LabProgram, WordsItDoesNotKnowAreUsageErrors) {
  for (const char* const command :
       {"no-such-lab", "two-threads --cuont 3", "two-threads three", "two-threads --count 0", "two-threads --count 27",
        "two-threads --count many", "two-threads --count"}) {
    const LabRun run = run_lab(command);
    EXPECT_EQ(run.exit_code, 64) << command;
    EXPECT_TRUE(run.lines.empty()) << command << ": " << run.output();
    EXPECT_THAT(run.errors, HasSubstr("rookery-lab")) << command;
  }
}

}  // namespace
}  // namespace rookery::labs
