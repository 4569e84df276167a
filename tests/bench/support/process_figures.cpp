#include "tests/bench/support/process_figures.h"

#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "ipc/os/errors.h"

namespace rookery::bench {

namespace {

std::string proc(pid_t pid) {
  return "/proc/" + std::to_string(pid);
}

std::ifstream open(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path + ": has the process ended?");
  return file;
}

}  // namespace

std::uint64_t cpu_ns(pid_t pid) {
  std::uint64_t sum = 0;
  for (const auto& task : std::filesystem::directory_iterator(proc(pid) + "/task")) {
    std::uint64_t running = 0;
    if (open(task.path().string() + "/schedstat") >> running) sum += running;
  }
  return sum;
}

std::uint64_t pss_bytes(pid_t pid) {
  std::ifstream rollup = open(proc(pid) + "/smaps_rollup");
  for (std::string word; rollup >> word;) {
    std::uint64_t kib = 0;
    if (word == "Pss:" && rollup >> kib) return kib * 1024;
  }
  throw std::runtime_error("no Pss in " + proc(pid) + "/smaps_rollup");
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

}  // namespace rookery::bench
