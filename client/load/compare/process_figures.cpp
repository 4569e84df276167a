#include "client/load/compare/process_figures.h"

#include <sys/resource.h>
#include <time.h>

#include <cerrno>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>

#include "ipc/os/errors.h"

namespace rookery::load {

namespace {

constexpr std::uint64_t kNanosecondsInSecond = 1'000'000'000;

std::string proc(pid_t pid) {
  return "/proc/" + std::to_string(pid);
}

[[noreturn]] void has_ended(const std::string& path) {
  throw std::runtime_error("cannot read " + path + ": has the process ended?");
}

std::ifstream open(const std::string& path) {
  std::ifstream file(path);
  if (!file) has_ended(path);
  return file;
}

// Fields 14 and 15 of /proc/PID/stat, whose second is a name in brackets that may hold anything.
std::pair<std::uint64_t, std::uint64_t> user_and_system_ticks(pid_t pid) {
  const std::string path = proc(pid) + "/stat";
  std::string text;
  std::getline(open(path), text);
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) has_ended(path);
  std::istringstream fields(text.substr(name_end + 1));
  std::string passed;
  for (int field = 3; field < 14; ++field) fields >> passed;
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  if (!(fields >> user >> system)) has_ended(path);
  return {user, system};
}

}  // namespace

std::uint64_t cpu_ns(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) has_ended(proc(pid));
  return static_cast<std::uint64_t>(time.tv_sec) * kNanosecondsInSecond + static_cast<std::uint64_t>(time.tv_nsec);
}

std::uint64_t pss_bytes(pid_t pid) {
  std::ifstream rollup = open(proc(pid) + "/smaps_rollup");
  for (std::string word; rollup >> word;) {
    std::uint64_t kib = 0;
    if (word == "Pss:" && rollup >> kib) return kib * 1024;
  }
  throw std::runtime_error("no Pss in " + proc(pid) + "/smaps_rollup");
}

std::uint64_t pss_bytes(std::span<const pid_t> pids) {
  std::uint64_t sum = 0;
  for (const pid_t pid : pids) sum += pss_bytes(pid);
  return sum;
}

std::uint64_t page_tables_bytes(pid_t pid) {
  std::ifstream status = open(proc(pid) + "/status");
  for (std::string word; status >> word;) {
    std::uint64_t kib = 0;
    if (word == "VmPTE:" && status >> kib) return kib * 1024;
  }
  throw std::runtime_error("no VmPTE in " + proc(pid) + "/status");
}

std::uint64_t page_tables_bytes(std::span<const pid_t> pids) {
  std::uint64_t sum = 0;
  for (const pid_t pid : pids) sum += page_tables_bytes(pid);
  return sum;
}

std::vector<pid_t> with_children(pid_t pid) {
  std::vector<pid_t> all{pid};
  std::ifstream children = open(proc(pid) + "/task/" + std::to_string(pid) + "/children");
  for (pid_t child = 0; children >> child;) all.push_back(child);
  return all;
}

std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) os::throw_errno("cannot read the limit on open files");
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) os::throw_errno("cannot raise the limit on open files");
  return limit.rlim_cur;
}

CostMeter::Clocks CostMeter::read_clocks() const {
  Clocks all;
  all.moment = os::Monotonic::now();
  for (const pid_t pid : pids_) {
    all.cpu_ns += cpu_ns(pid);
    const auto [user, system] = user_and_system_ticks(pid);
    all.user_ticks += user;
    all.system_ticks += system;
  }
  return all;
}

std::map<pid_t, CostMeter::Switches> CostMeter::read_switches() const {
  std::map<pid_t, Switches> all;
  for (const pid_t pid : pids_) {
    std::error_code error;
    std::filesystem::directory_iterator tasks(proc(pid) + "/task", error);
    if (error) has_ended(proc(pid));
    for (const auto end = std::filesystem::directory_iterator(); tasks != end; tasks.increment(error)) {
      std::ifstream status(tasks->path() / "status");  // a thread may end while we look
      Switches switches;
      bool whole = false;
      for (std::string line; std::getline(status, line);) {
        std::istringstream fields(line);
        std::string key;
        fields >> key;
        if (key == "voluntary_ctxt_switches:") fields >> switches.voluntary;
        if (key == "nonvoluntary_ctxt_switches:") whole = static_cast<bool>(fields >> switches.involuntary);
      }
      if (whole) all.emplace(std::stoi(tasks->path().filename()), switches);
    }
    if (error) has_ended(proc(pid));
  }
  return all;
}

void CostMeter::begin() {
  begun_ = read_clocks();
  switches_begun_ = os::Monotonic::now();
  last_ = read_switches();
  sum_ = {};
}

void CostMeter::look() {
  std::map<pid_t, Switches> now = read_switches();
  for (const auto& [thread, switches] : now) {
    const auto before = last_.find(thread);
    Switches base = before == last_.end() ? Switches{} : before->second;
    if (base.voluntary > switches.voluntary || base.involuntary > switches.involuntary) base = {};  // a reused number
    sum_.voluntary += switches.voluntary - base.voluntary;
    sum_.involuntary += switches.involuntary - base.involuntary;
  }
  last_ = std::move(now);
}

Costs CostMeter::end() {
  const Clocks ended = read_clocks();
  const auto switches_ended = os::Monotonic::now();
  look();
  const std::uint64_t user = ended.user_ticks - begun_.user_ticks;
  const std::uint64_t ticks = user + ended.system_ticks - begun_.system_ticks;
  Costs costs;
  costs.cpu_ns = ended.cpu_ns - begun_.cpu_ns;
  costs.user_ns =
      ticks == 0 ? costs.cpu_ns / 2
                 : static_cast<std::uint64_t>(std::llround(static_cast<double>(costs.cpu_ns) *
                                                           static_cast<double>(user) / static_cast<double>(ticks)));
  costs.system_ns = costs.cpu_ns - costs.user_ns;
  costs.voluntary = sum_.voluntary;
  costs.involuntary = sum_.involuntary;
  costs.seconds = std::chrono::duration<double>(ended.moment - begun_.moment).count();
  costs.switch_seconds = std::chrono::duration<double>(switches_ended - switches_begun_).count();
  return costs;
}

}  // namespace rookery::load
