#include "tests/system/harness/processes.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>

#include "tests/system/harness/patience.h"

namespace rookery::system_test {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMemfd = "/memfd:";

fs::path proc(pid_t pid) {
  return fs::path("/proc") / std::to_string(pid);
}

std::optional<int> number(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Process> look_at(pid_t pid) {
  std::ifstream file(proc(pid) / "stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  // The name stands in parentheses and may hold anything.
  std::istringstream rest(line.substr(std::min(line.rfind(')') + 1, line.size())));
  Process process;
  process.pid = pid;
  if (!(rest >> process.state >> process.parent >> process.group)) return std::nullopt;
  return process;
}

std::vector<Process> select(const std::function<bool(const Process&)>& wanted) {
  std::vector<Process> result;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const auto pid = number(entry.path().filename().string());
    if (!pid) continue;
    const auto process = look_at(*pid);
    if (process && wanted(*process)) result.push_back(*process);
  }
  return result;
}

// "/memfd:rookery-log (deleted)" -> "rookery-log"
std::optional<std::string> region_name(std::string path) {
  const auto begin = path.find(kMemfd);
  if (begin == std::string::npos) return std::nullopt;
  path = path.substr(begin + kMemfd.size());
  return path.substr(0, path.find(" (deleted)"));
}

void for_each_mapping(pid_t pid,
                      const std::function<void(const std::string& permissions, const std::string& path)>& visit) {
  std::ifstream file(proc(pid) / "maps");
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string range, permissions, offset, device, inode, path;
    fields >> range >> permissions >> offset >> device >> inode;
    std::getline(fields >> std::ws, path);
    visit(permissions, path);
  }
}

}  // namespace

std::vector<Process> processes_in_group(pid_t group) {
  return select([group](const Process& process) { return process.group == group; });
}

std::vector<Process> children_of(pid_t parent) {
  return select([parent](const Process& process) { return process.parent == parent; });
}

bool is_alive(pid_t pid) {
  const auto process = look_at(pid);
  return process && process->state != 'Z' && process->state != 'X';
}

void freeze(pid_t pid) {
  ::kill(pid, SIGSTOP);
  eventually("the process stands still", [pid] {
    const auto process = look_at(pid);
    return process && process->state == 'T';
  });
}

void reap_adopted(pid_t group) {
  for (const Process& process : processes_in_group(group))
    if (process.parent == ::getpid() && process.pid != group && process.state == 'Z')
      ::waitpid(process.pid, nullptr, WNOHANG);
}

std::size_t descriptor_count(pid_t pid) {
  const fs::directory_iterator entries(proc(pid) / "fd");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

std::vector<MappedRegion> mapped_regions(pid_t pid) {
  std::vector<MappedRegion> result;
  for_each_mapping(pid, [&](const std::string& permissions, const std::string& path) {
    if (auto name = region_name(path)) result.push_back({*name, permissions.find('w') != std::string::npos});
  });
  return result;
}

std::vector<OpenRegion> open_regions(pid_t pid) {
  std::vector<OpenRegion> result;
  for (const auto& entry : fs::directory_iterator(proc(pid) / "fd")) {
    std::error_code gone;
    const auto name = region_name(fs::read_symlink(entry.path(), gone));
    const auto descriptor = number(entry.path().filename().string());
    if (gone || !name || !descriptor) continue;
    std::ifstream info(proc(pid) / "fdinfo" / std::to_string(*descriptor));
    for (std::string line; std::getline(info, line);) {
      if (!line.starts_with("flags:")) continue;
      const int flags = static_cast<int>(std::stoul(line.substr(6), nullptr, 8));
      result.push_back({*descriptor, *name, (flags & O_ACCMODE) != O_RDONLY});
    }
  }
  return result;
}

bool maps_anything_under(pid_t pid, const std::string& directory) {
  bool found = false;
  for_each_mapping(pid, [&](const std::string&, const std::string& path) { found |= path.starts_with(directory); });
  return found;
}

std::uint64_t memory_bytes(pid_t pid) {
  std::ifstream file(proc(pid) / "smaps_rollup");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("Pss:")) return std::stoull(line.substr(4)) * 1024;
  return 0;
}

}  // namespace rookery::system_test
