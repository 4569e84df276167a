// tests/labs/lab_run.h
//
// One run of a lab as people run it: the built rookery-lab, with a name and options, to its end.
//
//     const LabRun run = run_lab("lock --increments 5");
//     EXPECT_EQ(run.exit_code, 0) << run.errors;
//     EXPECT_TRUE(run.says_in_order({"main: starts", "main: ends"}));
//
// Under ThreadSanitizer the races that are meant are those of tests/labs/tsan.suppressions.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::labs {

struct LabRun {
  int exit_code = -1;  // 128 + the signal if one ended it
  std::vector<std::string> lines;
  std::string errors;

  // Is there such a line? They compare without the blanks before them.
  [[nodiscard]] bool says(std::string_view line) const;
  // All of these, one somewhere behind the other.
  [[nodiscard]] bool says_in_order(std::initializer_list<std::string_view> wanted) const;
  // The place of the first line that contains `part`, from `from` on; lines.size() if there is none.
  [[nodiscard]] std::size_t find(std::string_view part, std::size_t from = 0) const;
  [[nodiscard]] std::size_t count(std::string_view part) const;  // lines that contain it
  // The number behind `label` in the first line that contains it; fails the test and is 0 if there is none.
  [[nodiscard]] double number_after(std::string_view label) const;
  [[nodiscard]] std::string output() const;
};

// For what a busy machine may prevent in one run, but not in so many.
template <class Attempt>
[[nodiscard]] bool eventually(Attempt attempt) {
  for (int i = 0; i < 20; ++i)
    if (attempt()) return true;
  return false;
}

enum class Races : unsigned char { Suppressed, Reported };

// `command` is split at its blanks; `more` are words that have some. Reported: ThreadSanitizer gets no suppressions.
[[nodiscard]] LabRun run_lab(const std::string& command, const std::vector<std::string>& more = {},
                             Races races = Races::Suppressed);

}  // namespace rookery::labs
