#include "master/upgrade/own_program.h"

#include <cstdlib>
#include <string_view>
#include <system_error>

namespace rookery::master {

namespace {

namespace fs = std::filesystem;

constexpr const char* kWhatRuns = "/proc/self/exe";

bool is_what_runs(const fs::path& path) {
  std::error_code error;
  return fs::equivalent(path, kWhatRuns, error) && !error;
}

fs::path search_path_for(const std::string& name) {
  const char* variable = std::getenv("PATH");
  std::string_view rest = variable == nullptr ? "" : variable;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const fs::path candidate = fs::path(rest.substr(0, end)) / name;
    if (is_what_runs(candidate)) return candidate;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

}  // namespace

fs::path without_deleted_mark(const fs::path& path) {
  constexpr std::string_view kMark = " (deleted)";
  std::string text = path.string();
  if (text.ends_with(kMark)) text.resize(text.size() - kMark.size());
  return text;
}

fs::path path_of_own_program(std::span<const std::string> arguments) {
  const std::string name = arguments.empty() ? "" : arguments.front();
  const fs::path asked = name.find('/') == std::string::npos ? search_path_for(name) : fs::path(name);
  std::error_code error;
  if (!asked.empty() && is_what_runs(asked))
    if (fs::path path = fs::absolute(asked, error); !error) return path;
  return without_deleted_mark(fs::read_symlink(kWhatRuns, error));
}

}  // namespace rookery::master
