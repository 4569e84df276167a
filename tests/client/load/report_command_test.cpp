// tests/client/load/report_command_test.cpp
//
// `rookery-load report` as people call it.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "client/load/compare/results.h"
#include "tests/client/child_process.h"
#include "tests/client/load/synthetic_results.h"
#include "tests/support/temporary_directory.h"

namespace rookery::load {
namespace {

using testing::AllOf;
using testing::HasSubstr;

struct Ended {
  int exit_code;
  std::string output;
  std::string errors;
};

Ended report(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {LOAD_PROGRAM, "report"});
  client::ChildProcess process(client::ChildProcess::Stdio::Pipes, std::move(arguments), {});
  process.close_input();
  const int exit_code = process.wait();
  return {exit_code, process.output(), process.errors()};
}

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

std::string read(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class ReportCommand : public testing::Test {
 protected:
  ReportCommand() { write(results_, to_json(synthetic_results(Truth::realistic())).dump()); }

  test::TemporaryDirectory directory_;
  std::filesystem::path results_ = directory_.path() / "results.json";
  std::filesystem::path page_ = directory_.path() / "report.html";
};

TEST_F(ReportCommand, OfADirectoryPrintsTheTableAndWritesThePage) {
  const Ended ended = report({directory_.path()});
  EXPECT_EQ(ended.exit_code, 0) << ended.errors;
  EXPECT_THAT(ended.output,
              AllOf(HasSubstr("echo, 1,000 clients"), HasSubstr("Processes against threads"), HasSubstr(page_)));
  EXPECT_THAT(read(page_), HasSubstr("Processes or threads?"));
}

TEST_F(ReportCommand, OfTheFileWritesWhereItIsTold) {
  const std::filesystem::path elsewhere = directory_.path() / "other.html";
  EXPECT_EQ(report({results_, "--output", elsewhere}).exit_code, 0);
  EXPECT_THAT(read(elsewhere), HasSubstr("Processes or threads?"));
  EXPECT_FALSE(std::filesystem::exists(page_));
}

TEST_F(ReportCommand, SaysWhatIsWrong) {
  const std::filesystem::path nowhere = directory_.path() / "nowhere.json";
  EXPECT_THAT(report({nowhere}).errors, AllOf(HasSubstr(nowhere), HasSubstr("No such file")));
  write(results_, "half a {");
  EXPECT_THAT(report({directory_.path()}).errors, AllOf(HasSubstr(results_), HasSubstr("not JSON")));
  write(results_, "{}");
  EXPECT_THAT(report({directory_.path()}).errors, AllOf(HasSubstr(results_), HasSubstr("format")));
  EXPECT_NE(report({directory_.path()}).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(page_));
}

TEST_F(ReportCommand, APageThatCannotBeWrittenIsAnError) {
  const Ended ended = report({results_, "--output", "/dev/full"});
  EXPECT_NE(ended.exit_code, 0);
  EXPECT_THAT(ended.errors, HasSubstr("/dev/full: cannot write it"));
}

}  // namespace
}  // namespace rookery::load
