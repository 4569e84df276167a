#include "tests/fault/takeover/killer.h"

#include <signal.h>

#include <algorithm>
#include <thread>
#include <vector>

namespace rookery::system_test {
namespace {

// Five deaths within ten seconds park a place.
constexpr std::size_t kDeathsOfOne = 4;
constexpr std::chrono::milliseconds kWithin{10'500};
constexpr std::chrono::microseconds kLongestPause{350'000};
constexpr std::chrono::microseconds kInstant{4'000};
constexpr std::chrono::microseconds kLongestStandstill{800'000};
constexpr int kLedger = -1;  // its place among those of the workers

}  // namespace

void Killer::wait_up_to(std::chrono::microseconds time) {
  std::this_thread::sleep_for(std::chrono::microseconds{
      std::uniform_int_distribution<std::int64_t>(0, std::chrono::microseconds{time}.count())(random_)});
}

void Killer::strike() {
  wait_up_to(kLongestPause * kSlowness);
  const std::uint64_t with_ledger = random_() % 6;
  if (with_ledger == 0) kill_ledger();
  eventually("a worker may be killed", [this] { return kill_any(); });
  if (with_ledger == 1) kill_ledger();
  const std::uint64_t more = random_() % 6;
  if (more == 0) static_cast<void>(kill_any());
  if (more != 1) return;
  wait_up_to(kInstant * 5);  // in the middle of the takeover
  static_cast<void>(kill_any());
}

bool Killer::has_died_enough(int place) {
  auto& times = times_[place];
  while (!times.empty() && Clock::now() - times.front() > kWithin) times.pop_front();
  return times.size() >= kDeathsOfOne;
}

void Killer::kill_ledger() {
  if (has_died_enough(kLedger)) return;
  const std::vector<ProcessRow> rows = server_.processes();
  const auto ledger = std::ranges::find(rows, std::string("ledger"), &ProcessRow::role);
  if (ledger == rows.end() || ledger->pid == 0) return;
  wait_up_to(kInstant);
  try {
    server_.signal_child(ledger->pid, SIGKILL);
  } catch (const std::runtime_error&) {
    return;  // it has died meanwhile
  }
  times_[kLedger].push_back(Clock::now());
  ++ledger_deaths_;
  wait_up_to(kInstant);
}

void Killer::kill_each() {
  std::vector<pid_t> gone;
  for (const ProcessRow& row : server_.processes()) {
    if (row.role != "worker") continue;
    eventually("it may be killed", [&] { return !has_died_enough(row.number); });
    gone.push_back(server_.worker_pid(row.number));
    server_.kill_child(gone.back());
  }
  server_.wait_until_all_serve(gone);
}

bool Killer::kill_any() {
  std::vector<ProcessRow> rows = server_.processes();
  const auto serving =
      std::ranges::count_if(rows, [](const ProcessRow& row) { return row.role == "worker" && row.state == "serving"; });
  const auto places = std::ranges::count(rows, std::string("worker"), &ProcessRow::role);
  // Places that die often pause longer and longer: mostly somebody is left to hand clients to.
  if (serving == 1 && places > 2 && random_() % 8 != 0) return false;
  std::erase_if(rows, [&](const ProcessRow& row) {
    if (row.role != "worker" || row.pid == 0 || row.state != "serving") return true;
    return has_died_enough(row.number);
  });
  if (rows.empty()) return false;
  const ProcessRow& row = rows[random_() % rows.size()];
  // With a sanitizer nobody can tell a signal from outside from a crash, and that would be held against somebody.
  const std::uint64_t kind = random_() % 10;
  const int signal = kind < 7 || kSanitized ? SIGKILL : kind < 9 ? SIGSEGV : SIGABRT;
  wait_up_to(kInstant);
  const bool stands_still = random_() % 4 == 0;
  try {
    if (stands_still) {
      server_.signal_child(row.pid, SIGSTOP);
      wait_up_to(kLongestStandstill);
    }
    server_.signal_child(row.pid, stands_still ? SIGKILL : signal);
  } catch (const std::runtime_error&) {
    return false;
  }
  times_[row.number].push_back(Clock::now());
  ++deaths_;
  return true;
}

}  // namespace rookery::system_test
