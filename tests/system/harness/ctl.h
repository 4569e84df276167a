// tests/system/harness/ctl.h
//
// rookery-ctl as an operator runs it.
#pragma once

#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"
#include "tests/system/harness/child_program.h"

namespace rookery::system_test {

struct CtlRun {
  int exit_code = -1;  // -1: it did not end
  std::string output;
  std::string errors;
};

[[nodiscard]] CtlRun run_ctl(const test::TemporaryDirectory& data, std::vector<std::string> words,
                             std::string_view input = {});

}  // namespace rookery::system_test
