#include "client/load/compare/machine.h"

#include <sched.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

#include "ipc/os/processors.h"

namespace rookery::load {
namespace {

constexpr const char* kUnknown = "unknown";

std::string trimmed(std::string_view text, std::string_view unwanted) {
  const std::size_t first = text.find_first_not_of(unwanted);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(unwanted) - first + 1));
}

// What follows `separator` in the first line that begins with `key`.
std::string value_in(const char* path, std::string_view key, char separator) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t at = line.find(separator);
    if (line.starts_with(key) && at != std::string::npos)
      return trimmed(std::string_view(line).substr(at + 1), " \t\"");
  }
  return kUnknown;
}

std::string kernel() {
  utsname names{};
  return ::uname(&names) == 0 ? std::string(names.sysname) + " " + names.release : kUnknown;
}

// Nothing on machines with more than 1,024 processors.
std::optional<cpu_set_t> usable_set() noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return std::nullopt;
  return set;
}

}  // namespace

// cpuN user nice system idle iowait irq softirq steal ...
double busy_core_seconds() {
  const auto set = usable_set();
  std::ifstream file("/proc/stat");
  double ticks = 0;
  for (std::string line; std::getline(file, line) && line.starts_with("cpu");) {
    std::istringstream fields(line.substr(3));
    std::size_t core = 0;
    double user = 0, nice = 0, system = 0, idle = 0, waiting = 0, interrupts = 0, soft = 0;
    if (line[3] == ' ' || !(fields >> core >> user >> nice >> system >> idle >> waiting >> interrupts >> soft))
      continue;
    if (!set || (core < CPU_SETSIZE && CPU_ISSET(core, &*set))) ticks += user + nice + system + interrupts + soft;
  }
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

Machine describe_machine() {
  Machine machine;
  machine.processor = value_in("/proc/cpuinfo", "model name", ':');
  machine.cores = os::usable_processors();
  struct sysinfo info {};
  if (::sysinfo(&info) == 0) machine.memory_bytes = std::uint64_t{info.totalram} * info.mem_unit;
  machine.kernel = kernel();
  machine.system = value_in("/etc/os-release", "PRETTY_NAME", '=');
  std::ifstream("/proc/loadavg") >> machine.load_before;
  return machine;
}

}  // namespace rookery::load
