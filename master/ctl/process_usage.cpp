#include "master/ctl/process_usage.h"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace rookery::ctl {

std::optional<ProcessUsage> parse_stat(std::string_view stat, long ticks_a_second, long page_bytes) {
  // Fields of proc(5), counted from 1; what follows the name begins with the third.
  constexpr int kFirstAfterName = 3;
  constexpr int kUserTicks = 14;
  constexpr int kSystemTicks = 15;
  constexpr int kResidentPages = 24;
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  std::istringstream fields{std::string(stat.substr(name_end + 1))};
  std::uint64_t ticks = 0;
  std::uint64_t pages = 0;
  std::string field;
  for (int number = kFirstAfterName; number <= kResidentPages; ++number) {
    const bool is_wanted = number == kUserTicks || number == kSystemTicks || number == kResidentPages;
    std::uint64_t value = 0;
    if (is_wanted ? !(fields >> value) : !(fields >> field)) return std::nullopt;
    if (number == kResidentPages)
      pages = value;
    else
      ticks += value;
  }
  return ProcessUsage{
      .cpu = std::chrono::duration<double>(static_cast<double>(ticks) / static_cast<double>(ticks_a_second)),
      .resident_bytes = pages * static_cast<std::uint64_t>(page_bytes)};
}

std::optional<ProcessUsage> usage_of(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::ostringstream stat;
  stat << file.rdbuf();
  return parse_stat(stat.str(), ::sysconf(_SC_CLK_TCK), ::sysconf(_SC_PAGESIZE));
}

}  // namespace rookery::ctl
