#include "tests/labs/lab_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "tests/client/child_process.h"
#include "tests/support/driven_programs.h"

namespace rookery::labs {

namespace {

std::string_view without_blanks_before(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return line;
}

// What the caller has set for the sanitizer stays.
std::string sanitizer_options(Races races) {
  const char* const given = std::getenv("TSAN_OPTIONS");
  std::string options = "TSAN_OPTIONS=";
  if (given != nullptr) options += given;
  if (races == Races::Suppressed)
    options += std::string(given != nullptr ? ":" : "") + "suppressions=" LAB_SUPPRESSIONS;
  else
    options += std::string(given != nullptr ? ":" : "") + "halt_on_error=0";  // a test looks for the second report
  return options;
}

}  // namespace

bool LabRun::says(std::string_view line) const {
  return std::any_of(lines.begin(), lines.end(), [line](const std::string& said) {
    return without_blanks_before(said) == without_blanks_before(line);
  });
}

bool LabRun::says_in_order(std::initializer_list<std::string_view> wanted) const {
  const auto* next = wanted.begin();
  for (const std::string& said : lines)
    if (next != wanted.end() && without_blanks_before(said) == without_blanks_before(*next)) ++next;
  return next == wanted.end();
}

std::size_t LabRun::find(std::string_view part, std::size_t from) const {
  while (from < lines.size() && lines[from].find(part) == std::string::npos) ++from;
  return std::min(from, lines.size());
}

std::size_t LabRun::count(std::string_view part) const {
  return static_cast<std::size_t>(std::count_if(
      lines.begin(), lines.end(), [part](const std::string& said) { return said.find(part) != std::string::npos; }));
}

double LabRun::number_after(std::string_view label) const {
  const std::size_t place = find(label);
  double number = 0;
  if (place < lines.size()) {
    std::istringstream behind(lines[place].substr(lines[place].find(label) + label.size()));
    if (behind >> number) return number;
  }
  ADD_FAILURE() << "no number behind '" << label << "' in:\n" << output() << errors;
  return 0;
}

std::string LabRun::output() const {
  std::string all;
  for (const std::string& line : lines) all += line + '\n';
  return all;
}

LabRun run_lab(const std::string& command, const std::vector<std::string>& more, Races races) {
  std::vector<std::string> words{test::program("rookery-lab")};
  std::istringstream in(command);
  for (std::string word; in >> word;) words.push_back(word);
  words.insert(words.end(), more.begin(), more.end());

  client::ChildProcess lab(client::ChildProcess::Stdio::Pipes, words, {sanitizer_options(races)});
  LabRun run;
  run.exit_code = lab.wait();
  run.errors = lab.errors();
  std::istringstream out(lab.output());
  for (std::string line; std::getline(out, line);) run.lines.push_back(line);
  return run;
}

}  // namespace rookery::labs
