#include "tests/fault/chaos/troublemaker.h"

#include <signal.h>

#include <algorithm>

#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

// A worker that dies five times within ten seconds is parked: one less, and service goes on. Now and then it is done
// all the same.
constexpr std::size_t kDeathsOfOne = 4;
constexpr std::chrono::seconds kWithin{10};
constexpr int kAllTheSamePercent = 5;

struct Weight {
  Harm harm;
  int of_100;
};
constexpr std::array<Weight, kHarms> kWeights{{{Harm::Kill, 42},
                                               {Harm::Segv, 12},
                                               {Harm::Abort, 4},
                                               {Harm::Stop, 6},
                                               {Harm::StopAndContinue, 14},
                                               {Harm::KillWorkers, 5},
                                               {Harm::KillAll, 5},
                                               {Harm::MasterKill, 9},
                                               {Harm::MasterTerm, 3}}};

// With a sanitizer nobody can tell a signal from outside from a crash, and that would be held against everybody here.
const int kSegv = kSanitized ? SIGKILL : SIGSEGV;
const int kAbort = kSanitized ? SIGKILL : SIGABRT;

}  // namespace

const char* name_of(Harm harm) noexcept {
  constexpr std::array<const char*, kHarms> kNames{"kill",         "segv",     "abort",       "stop", "stop-cont",
                                                   "kill-workers", "kill-all", "kill-master", "term"};
  return kNames[static_cast<std::size_t>(harm)];
}

int Troublemaker::between(int least, int most) {
  return std::uniform_int_distribution<int>(least, most)(random_);
}

Harm Troublemaker::choose() {
  int rest = between(0, 99);
  for (const Weight& weight : kWeights) {
    rest -= weight.of_100;
    if (rest < 0) return weight.harm;
  }
  return Harm::Kill;
}

std::chrono::milliseconds Troublemaker::pause() {
  return std::chrono::milliseconds{between(200, 2000)};
}

bool Troublemaker::has_died_enough(int process) {
  auto& times = deaths_[process];
  std::erase_if(times, [](Clock::time_point time) { return Clock::now() - time > kWithin; });
  return times.size() >= kDeathsOfOne && between(0, 99) >= kAllTheSamePercent;
}

bool Troublemaker::strike(ServerProcess& server, const ProcessRow& row, int signal) {
  if (row.pid == 0) return false;
  try {
    server.signal_child(row.pid, signal);
  } catch (const std::runtime_error&) {
    return false;  // died meanwhile
  }
  if (signal != SIGSTOP) deaths_[row.number].push_back(Clock::now());
  return true;
}

void Troublemaker::harm(ServerProcess& server, Harm harm) {
  std::vector<ProcessRow> rows = server.processes();
  const bool many = harm == Harm::KillWorkers || harm == Harm::KillAll;
  if (harm == Harm::KillWorkers) std::erase_if(rows, [](const ProcessRow& row) { return row.role != "worker"; });
  if (!many) rows = {rows.at(static_cast<std::size_t>(between(0, static_cast<int>(rows.size()) - 1)))};
  if (std::ranges::any_of(rows, [this](const ProcessRow& row) { return has_died_enough(row.number); })) return;

  bool done = false;
  for (const ProcessRow& row : rows) {
    switch (harm) {
      case Harm::Segv:
        done = strike(server, row, kSegv) || done;
        break;
      case Harm::Abort:
        done = strike(server, row, kAbort) || done;
        break;
      case Harm::Stop:
      case Harm::StopAndContinue: {
        if (!strike(server, row, SIGSTOP)) break;
        done = true;
        const std::chrono::milliseconds time{harm == Harm::Stop ? 60'000 : between(50, 3000)};
        stopped_.push_back({row.pid, Clock::now() + time});
        if (harm == Harm::Stop) deaths_[row.number].push_back(Clock::now());  // the heartbeat's work
        break;
      }
      default:
        done = strike(server, row, SIGKILL) || done;
    }
  }
  if (done) count(harm);
}

void Troublemaker::on_time(const ServerProcess& server) {
  const auto now = Clock::now();
  const auto children = children_of(server.pid());
  std::erase_if(stopped_, [&](const Stopped& stopped) {
    if (stopped.until > now) return false;
    // Only who is still there as this server's child: a number may have been given again.
    if (std::ranges::find(children, stopped.pid, &Process::pid) != children.end()) ::kill(stopped.pid, SIGCONT);
    return true;
  });
}

void Troublemaker::forgive(const ServerProcess& server) {
  for (Stopped& stopped : stopped_) stopped.until = {};
  on_time(server);
  deaths_.clear();
}

}  // namespace rookery::system_test
