// master/supervisor/watch.cpp: heartbeats and time-outs, looked at twice a second.
#include <sys/wait.h>
#include <sysexits.h>

#include <algorithm>
#include <csignal>
#include <string>

#include "ipc/log.h"
#include "ipc/os/clock.h"
#include "master/supervisor/supervisor.h"

namespace rookery::master {

namespace {

// Since it last said that it is at work: it may have a database to check, or to bring to a newer version.
constexpr std::chrono::seconds kLedgerReadyWithin{60};
constexpr std::chrono::seconds kWorkerReadyWithin{10};
// From the end of its pipe to the end of a process; a sanitizer looks for leaks in between.
constexpr std::chrono::seconds kEndWithin{5};
constexpr std::chrono::seconds kCleanWithin{10};
// It has nothing to do but to end.
constexpr std::chrono::seconds kHandOverWithin{5};
constexpr std::chrono::seconds kAdoptWithin{10};
// The rest at the next one: a storm of orphans must not keep the loop from its children.
constexpr int kReapedInACheck = 256;

}  // namespace

void Supervisor::on_check(TimePoint now) {
  const bool may_judge = check_timer_.may_judge(os::monotonic_ms());
  for (Child& child : children_) {
    if (child.killed) on_child_ended(child.index);  // in case the poller could not be told to watch it
    tell_changes(child);                            // its pipe was full
    if (!may_judge) continue;
    check_time_outs(child, now);
    check_heartbeat(child);
  }
  reap_strangers();
  look_at_rates(now);
}

// Processes that lost their parent become our children where we are process 1 or a sub-reaper. Our own are known by
// their number, which is theirs until on_child_ended() has reaped them.
void Supervisor::reap_strangers() {
  for (int i = 0; i < kReapedInACheck; ++i) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
    const auto ours = std::ranges::find_if(
        children_, [&](const Child& child) { return child.is_up() && child.process.pid() == info.si_pid; });
    if (ours != children_.end()) {
      on_child_ended(ours->index);
    } else if (!hooks_.ended_elsewhere(info.si_pid)) {
      log::debug("pid={} was no child of ours: reaped", info.si_pid);
      static_cast<void>(::waitid(P_PID, static_cast<id_t>(info.si_pid), &info, WEXITED | WNOHANG));
    }
  }
}

void Supervisor::check_time_outs(Child& child, TimePoint now) {
  const std::chrono::seconds ready_within = child.is_ledger() ? kLedgerReadyWithin : kWorkerReadyWithin;
  if (child.life == Life::Starting && !is_stopping() && !child.killed && now - child.worked > ready_within) {
    const std::string what =
        child.name() + " was not ready within " + std::to_string(ready_within.count()) + " seconds";
    log::alert("{}: killing pid={}", what, child.process.pid());
    child.kill();
    if (phase_ != Phase::Serving) fail_start(EX_SOFTWARE, what);
  }
  if (child.is_up() && !child.killed && child.control_ended != TimePoint{} && now - child.control_ended > kEndWithin) {
    log::alert("{} pid={} closed its pipe and does not end: killing it", child.name(), child.process.pid());
    child.kill();
  }
  if (child.is_up() && child.told_to_hand_over && !child.killed && now - child.told > kHandOverWithin) {
    log::error("{} pid={} does not end to hand its clients over: killing it", child.name(), child.process.pid());
    child.kill();
  }
  const bool adopts = !child.is_ledger() && child.is_up() && held_.handed_to(child.worker()) > 0;
  if (adopts && !is_stopping() && !child.killed && now - child.adopting > kAdoptWithin) {
    log::alert("{} pid={} does not say whether it carries {} clients on: killing it", child.name(), child.process.pid(),
               held_.handed_to(child.worker()));
    child.kill();
  }
  const bool waits = child.awaits_ledger && ledger().life == Life::Serving && now - ledger().ready > kCleanWithin;
  if (waits && !is_stopping() && !child.wait_was_told && now - child.died > kCleanWithin) {
    child.wait_was_told = true;
    log::alert("the ledger has not dealt with what {} left, so it cannot be started", child.name());
  }
}

void Supervisor::check_heartbeat(Child& child) {
  // Who has been told to stop has a deadline of its own, and loops that end one after the other.
  if (child.life != Life::Serving || child.told_to_stop || child.killed) return;
  const std::int64_t now_ms = os::monotonic_ms();
  const auto age = child.is_ledger() ? regions_.ledger_heartbeat_age(child.started_ms(), now_ms)
                                     : regions_.worker_heartbeat_age(child.worker(), child.started_ms(), now_ms);
  const Verdict verdict = judge_heartbeat(age, child.started_ms(), now_ms);
  if (verdict == Verdict::Alive) return;
  if (!child.aborted) {
    child.aborted = true;
    child.was_stopped = child.process.stands_still();
    log::alert("{} pid={} hangs, no heartbeat for {} ms: aborting it", child.name(), child.process.pid(), age.count());
    child.process.signal(SIGABRT);
    child.process.signal(SIGCONT);
  } else if (verdict == Verdict::Kill) {
    log::alert("{} pid={} hangs, no heartbeat for {} ms: killing it", child.name(), child.process.pid(), age.count());
    child.kill();
  }
}

}  // namespace rookery::master
