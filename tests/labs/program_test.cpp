// The program around the labs: the list, the help of each, and what it says to words that it does not know.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/labs/lab_run.h"

namespace rookery::labs {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

using NameAndLine = std::pair<std::string, std::string>;

// What rookery-lab lists: each lab's name, and what it shows.
std::vector<NameAndLine> list_of_labs() {
  std::vector<NameAndLine> list;
  for (const std::string& line : run_lab("").lines) {
    NameAndLine lab;
    std::istringstream words(line);
    if (line.starts_with("  ") && words >> lab.first && std::getline(words >> std::ws, lab.second)) list.push_back(lab);
  }
  return list;
}

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// The same by the index: its rows are "| [NAME](NAME.md) | LINE |".
std::vector<NameAndLine> list_of_index() {
  std::vector<NameAndLine> list;
  std::istringstream index(contents(LAB_SOURCES "/README.md"));
  for (std::string line; std::getline(index, line);) {
    const std::size_t name_end = line.find("](");
    const std::size_t link_end = line.find(".md) | ");
    if (!line.starts_with("| [") || name_end == std::string::npos || link_end == std::string::npos) continue;
    const std::string name = line.substr(3, name_end - 3);
    EXPECT_EQ(line.substr(name_end + 2, link_end - name_end - 2), name);
    const std::size_t begin = link_end + 7;
    list.emplace_back(name, line.substr(begin, line.rfind(" |") - begin));
  }
  return list;
}

TEST(LabProgram, ListsTheLabsInTeachingOrder) {
  const std::vector<const char*> wanted{"first-thread",
                                        "two-threads",
                                        "racing-threads",
                                        "lost-update",
                                        "lock",
                                        "deadlock",
                                        "semaphore",
                                        "timer",
                                        "barrier",
                                        "event",
                                        "producer-consumer",
                                        "thread-pool",
                                        "processes",
                                        "pipe",
                                        "queue",
                                        "shared-array",
                                        "process-pool",
                                        "dead-lock-holder",
                                        "echo-servers",
                                        "false-sharing"};
  std::vector<std::string> names;
  for (const auto& [name, line] : list_of_labs()) names.push_back(name);
  EXPECT_THAT(names, ElementsAreArray(wanted));
}

TEST(LabProgram, TheIndexSaysTheSame) {
  EXPECT_EQ(list_of_index(), list_of_labs());
}

TEST(LabProgram, EachLabHasItsHelp) {
  for (const auto& [name, line] : list_of_labs()) {
    const LabRun run = run_lab(name + " --help");
    EXPECT_EQ(run.exit_code, 0) << name << run.errors;
    EXPECT_LT(run.find("Usage: rookery-lab " + name), run.lines.size()) << run.output();
  }
}

TEST(LabProgram, EachLabHasItsPageAndItsProgram) {
  for (const auto& [name, line] : list_of_labs()) {
    const std::string page = contents(LAB_SOURCES "/" + name + ".md");
    EXPECT_THAT(page, HasSubstr("rookery-lab " + name)) << "says how to run it";
    EXPECT_THAT(page, HasSubstr("(" + name + ".cpp)")) << "leads to the program";
    EXPECT_TRUE(std::filesystem::exists(LAB_SOURCES "/" + name + ".cpp")) << name;
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
