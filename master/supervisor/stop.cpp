// master/supervisor/stop.cpp: the end, asked for or not. Workers first, then the ledger, which makes durable what they
// left; after the deadline whatever is left is killed. Every child is reaped.
#include <sysexits.h>

#include <algorithm>
#include <utility>

#include "ipc/fault/fault_point.h"
#include "ipc/log.h"
#include "ipc/os/clock.h"
#include "master/supervisor/supervisor.h"

namespace rookery::master {

namespace {
// Only a process stuck in the kernel outlives SIGKILL by that much.
constexpr std::chrono::seconds kGiveUp{10};
}  // namespace

void Supervisor::stop(const std::string& why) {
  if (ended()) return;
  if (is_stopping()) {
    if (!forced_) force_end(why + " again");
    return;
  }
  log::info("stopping: {}", why);
  begin_stop();
}

void Supervisor::fail_start(int exit_code, const std::string& why) {
  if (is_stopping()) return;
  outcome_ = {exit_code, why};
  log::error("cannot start: {}", why);
  begin_stop();
}

void Supervisor::begin_stop() {
  phase_ = Phase::StoppingWorkers;
  stop_deadline_ = os::Monotonic::now() + stop_timeout_;
  hooks_.stop_begins();
  refuse_changes();
  for (const Plan& plan : std::exchange(plans_, {}))
    if (plan.who) hooks_.answer(*plan.who, "ERR shutting-down the server is stopping\n");
  for (Child& child : children_)
    if (!child.is_ledger() && child.is_up()) send_stop(child);
  for (const Child& child : children_)
    if (!child.is_ledger() && !child.is_up()) held_.drop_all(child.worker());
  fault::point(fault::Point::MasterInShutdown);
  if (!ledger().is_up() && ledger_was_ready_) {  // it was to be started again in a moment
    ledger_got_last_chance_ = true;
    start(ledger());
  }
  go_on_stopping();
}

void Supervisor::send_stop(Child& child) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(stop_deadline_ - os::Monotonic::now());
  child.told_to_stop = true;
  send(child, {.kind = chat::ControlKind::Stop,
               .worker = 0,
               .number = static_cast<std::uint64_t>(std::max<std::int64_t>(left.count(), 0)),
               .text = {}});
}

void Supervisor::ended_while_stopping(Child& child, const std::optional<os::ExitStatus>& status) {
  if (!child.is_ledger()) {
    held_.drop_all(child.worker());  // who serves them? Nobody
    if (!status || status->signalled) mark_unclean();
    return go_on_stopping();
  }
  const bool done = status && status->clean() && child.told_to_stop;
  if (!done) mark_unclean();
  if (!done && !forced_ && ledger_was_ready_ && !ledger_got_last_chance_) {
    ledger_got_last_chance_ = true;
    log::warning("starting the ledger once more, to make durable what is left");
    start(ledger());
  }
  go_on_stopping();
}

void Supervisor::start_failed_while_stopping() {
  mark_unclean();
  go_on_stopping();
}

// After every change: is the next step due?
void Supervisor::go_on_stopping() {
  if (ended()) return;
  if (phase_ == Phase::StoppingWorkers && !any_worker_up()) {
    phase_ = Phase::StoppingLedger;
    fault::point(fault::Point::MasterInShutdown);
  }
  if (phase_ != Phase::StoppingLedger) return;
  if (!ledger().is_up()) {
    phase_ = Phase::Ended;
    fault::point(fault::Point::MasterInShutdown);
    log::info("stopped");
    return;
  }
  // A successor of a dead ledger first learns which workers have died, see on_ledger_ready(). One that was never ready
  // has nothing to make durable and may leave off.
  const bool listens = ledger().life == Life::Serving || !ledger_was_ready_;
  if (listens && !ledger().told_to_stop && !forced_) send_stop(ledger());
}

bool Supervisor::any_worker_up() const noexcept {
  return std::ranges::any_of(children_, [](const Child& child) { return !child.is_ledger() && child.is_up(); });
}

void Supervisor::on_stop_deadline() {
  if (!forced_) return force_end("the time to stop is over");
  for (const Child& child : children_)
    if (child.is_up()) log::alert("{} pid={} cannot be killed: leaving it", child.name(), child.process.pid());
  phase_ = Phase::Ended;
}

void Supervisor::force_end(const std::string& why) {
  log::warning("forced end: {}", why);
  forced_ = true;
  stop_deadline_ = os::Monotonic::now() + kGiveUp;
  mark_unclean();
  for (Child& child : children_) {
    if (!child.is_up()) continue;
    log::warning("killing {} pid={}", child.name(), child.process.pid());
    child.kill();
  }
  go_on_stopping();
}

void Supervisor::mark_unclean() noexcept {
  if (outcome_.exit_code == 0) outcome_.exit_code = EX_SOFTWARE;
}

}  // namespace rookery::master
