#include "tests/system/harness/ctl.h"

#include <utility>

#include "tests/support/driven_programs.h"

namespace rookery::system_test {

CtlRun run_ctl(const test::TemporaryDirectory& data, std::vector<std::string> words, std::string_view input) {
  const test::TemporaryDirectory files;
  words.insert(words.begin(), {test::program("rookery-ctl"), "--data", data.path().string()});
  ChildProgram program({std::move(words), files.path(), {}, {}});
  if (!input.empty()) program.write_input(input);
  program.close_input();
  const auto exit_code = program.wait();
  return {exit_code.value_or(-1), program.output(), program.errors()};
}

}  // namespace rookery::system_test
