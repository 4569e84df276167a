// tests/system/harness/child_program.h
//
// A program under test in a process group of its own, standard input on a pipe, output and errors in files. Everything
// that comes out of it, grandchildren that lost their parent included, is seen, and gone at the latest when the object
// is: this process adopts orphans.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/system/harness/patience.h"

namespace rookery::system_test {

struct ProgramSetup {
  std::vector<std::string> command;
  std::filesystem::path directory;                // becomes its working directory, gets its files `out` and `err`
  std::optional<unsigned long> descriptor_limit;  // soft and hard
  std::vector<std::string> environment{};         // NAME=VALUE, besides what every program needs; NAME=$$: its pid
  bool adopts_orphans = false;                    // those of its own descendants, as process 1 does
  std::vector<int> passed{};                      // become its descriptors from 3 on
};

class ChildProgram final {
 public:
  explicit ChildProgram(const ProgramSetup& setup);
  ~ChildProgram();
  ChildProgram(const ChildProgram&) = delete;
  ChildProgram& operator=(const ChildProgram&) = delete;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  void signal(int number) const;
  void write_input(std::string_view bytes) const;
  void close_input();

  // Exit code, or 128 + signal. Empty when it still runs at the deadline.
  [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds within = kPatience);
  [[nodiscard]] bool has_ended() const noexcept { return exit_code_.has_value(); }

  [[nodiscard]] std::string output() const;
  [[nodiscard]] std::string errors() const;

 private:
  pid_t pid_ = -1;
  int pidfd_ = -1;
  int input_ = -1;
  std::filesystem::path directory_;
  std::optional<int> exit_code_;
};

}  // namespace rookery::system_test
