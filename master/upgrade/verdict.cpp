#include "master/upgrade/verdict.h"

#include <algorithm>

#include "master/console/printable.h"

namespace rookery::master {

namespace {
constexpr std::string_view kYes = "yes ";
constexpr std::string_view kNo = "no ";
constexpr std::string_view kNote = "note ";
}  // namespace

std::string encode(const RehearsalVerdict& verdict) {
  std::string text = verdict.yes ? std::string(kYes) + printable(verdict.version)  //
                                 : std::string(kNo) + printable(verdict.why);
  text += '\n';
  for (const std::string& note : verdict.notes) text += std::string(kNote) + printable(note) + '\n';
  return text;
}

RehearsalVerdict read_verdict(std::string_view text) {
  RehearsalVerdict verdict;
  bool first = true;
  for (std::size_t end = 0; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
    const std::string_view line = text.substr(0, end);
    if (first && line.starts_with(kYes)) {
      verdict.yes = true;
      verdict.version = printable(line.substr(kYes.size()));
      verdict.why.clear();
    } else if (first && line.starts_with(kNo)) {
      verdict.why = printable(line.substr(kNo.size()));
    } else if (line.starts_with(kNote)) {
      verdict.notes.push_back(printable(line.substr(kNote.size())));
    }
    first = false;
  }
  return verdict;
}

}  // namespace rookery::master
