// master/supervisor/supervisor.cpp: starts, messages and deaths of children.
#include "master/supervisor/supervisor.h"

#include <fmt/format.h>
#include <sysexits.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <exception>
#include <utility>

#include "ipc/fault/fault_point.h"
#include "ipc/log.h"
#include "ipc/os/clock.h"
#include "ipc/os/errors.h"
#include "master/console/printable.h"
#include "master/supervisor/descriptor_limit.h"
#include "master/supervisor/event_source.h"

namespace rookery::master {

namespace {

// A child that talks without end must not keep the loop from the others.
constexpr int kChildMessagesInATurn = 64;
// More than a pipe ever holds.
constexpr int kMessagesLeftBehind = 4096;

std::chrono::milliseconds since(TimePoint from, TimePoint now) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(now - from);
}

}  // namespace

Supervisor::Supervisor(os::Poller& poller, chat::SharedState& state, Launcher& launcher, std::uint32_t workers,
                       std::chrono::milliseconds stop_timeout, Hooks hooks)
    : poller_(poller),
      state_(state),
      launcher_(launcher),
      stop_timeout_(stop_timeout),
      hooks_(std::move(hooks)),
      regions_(state),
      book_(state),
      check_timer_(os::monotonic_ms()),
      held_(state.workers, state.loops, state.worker_layout.sessions_per_loop()),
      most_held_(most_sockets_held(raise_descriptor_limit(), descriptors_besides_clients(state.workers, state.loops))),
      scale_(workers) {
  children_.reserve(1 + state.workers);
  for (std::uint32_t index = 0; index <= state.workers; ++index) children_.emplace_back(index);
}

void Supervisor::begin_start() {
  start(ledger());
}

void Supervisor::start(Child& child) {
  const bool again = child.died != TimePoint{};
  try {
    child.begin_life(child.is_ledger() ? launcher_.launch_ledger()
                                       : launcher_.launch_worker(child.worker(), heritage(child.worker())),
                     os::Monotonic::now());
  } catch (const std::exception& error) {
    return start_failed(child, error.what());
  }
  child.restarts += again ? 1 : 0;
  child.work_at_start = work_of(child);
  child.told_of = child.has = newest_;
  if (again) note_restart(child);
  child.inherited = child.is_ledger() ? 0 : held_.count(child.worker());
  fault::point(fault::Point::MasterAfterFork);
  log::info("{} pid={} started", child.name(), child.process.pid());
  child.control_watched =
      poller_.add(child.control.descriptor(), EPOLLIN, token(EventSource::ChildControl, child.index));
  if (!child.is_ledger())  // before it can have a client
    for (const auto& penalty : penalties_.in_force(child.started)) tell_shut_out(child, penalty, child.started);
  if (child.control_watched && watch_end(child)) return;
  log::error("cannot watch {}, so it cannot stay: {}", child.name(), os::error_text(errno));
  child.kill();
}

bool Supervisor::watch_end(const Child& child) {
  return poller_.add(child.process.pidfd(), EPOLLIN, token(EventSource::ChildEnded, child.index));
}

void Supervisor::start_failed(Child& child, const std::string& why) {
  if (phase_ == Phase::StartingLedger || phase_ == Phase::StartingWorkers)
    return fail_start(EX_SOFTWARE, "cannot start " + child.name() + ": " + why);
  log::warning("{} could not be started: {}", child.name(), why);
  if (give_up_take_over(child.name() + " could not be started: " + why)) return;
  child.why_down = "could not be started: " + why;
  child.ended_by = chat::EndCause::StartFailed;
  const TimePoint now = os::Monotonic::now();
  child.died = now;
  if (is_stopping())
    start_failed_while_stopping();
  else
    plan_restart(child, now, {});
}

void Supervisor::on_child_control(std::uint32_t index, std::uint32_t events) {
  Child& child = children_[index];
  if (!child.is_up() || !child.control_watched) return;  // an event from before its end
  if ((events & EPOLLOUT) != 0) {
    child.control.flush();
    child.wants_room = false;
    watch_control(child);
  }
  if ((events & ~std::uint32_t{EPOLLOUT}) != 0) read_messages(child, kChildMessagesInATurn);
}

void Supervisor::send(Child& child, chat::ControlMessage message) {
  child.control.send(std::move(message));
  watch_control(child);
}

bool Supervisor::try_send(Child& child, chat::ControlMessage message) {
  const bool taken = child.control.try_send(std::move(message));
  watch_control(child);
  return taken;
}

void Supervisor::watch_control(Child& child) {
  const bool waits = child.control.has_waiting() || child.wants_room;
  if (!child.control_watched || waits == child.control_full) return;
  const std::uint32_t events = waits ? EPOLLIN | EPOLLOUT : EPOLLIN;
  if (poller_.modify(child.control.descriptor(), events, token(EventSource::ChildControl, child.index)))
    child.control_full = waits;
}

void Supervisor::read_messages(Child& child, int at_most) {
  for (int i = 0; i < at_most && child.control.is_open(); ++i) {
    chat::ReceivedControl received = child.control.receive();
    if (received.status == os::TransferStatus::WouldBlock) return;
    if (received.status != os::TransferStatus::Done) return on_control_ended(child);
    if (received.message)
      on_message(child, std::move(received));
    else
      on_nonsense(child, received.fault);
  }
}

void Supervisor::on_message(Child& child, chat::ReceivedControl received) {
  const chat::ControlMessage& message = *received.message;
  if (received.passenger && message.kind != chat::ControlKind::Hold)
    return on_nonsense(child, "with a descriptor that does not belong to it");
  switch (message.kind) {
    case chat::ControlKind::Ready:
      return on_ready(child);
    case chat::ControlKind::Working:
      if (child.is_ledger() && child.life == Life::Starting) return on_ledger_works();
      break;
    case chat::ControlKind::Failed:
      return on_failed(child, message);
    case chat::ControlKind::Kicked:
      if (!child.is_ledger()) return hooks_.client_kicked(message.number);
      break;
    case chat::ControlKind::Hold:
      if (!child.is_ledger() && on_hold(child, message, std::move(received.passenger))) return;
      break;
    case chat::ControlKind::Settings:
    case chat::ControlKind::LogReopen:
      if (on_changed(child, message)) return;
      break;
    case chat::ControlKind::Adopted:
      if (!child.is_ledger() && on_adopted(child, message)) return;
      break;
    case chat::ControlKind::Drop:
      if (!child.is_ledger() && on_drop(child, message)) return;
      break;
    case chat::ControlKind::SlotClean:
      if (child.is_ledger() && message.worker < state_.workers) return on_slot_clean(message.worker);
      break;
    case chat::ControlKind::SlotDamaged:
      if (child.is_ledger() && message.worker < state_.workers)
        return on_slot_damaged(message.worker, printable(message.text));
      break;
    case chat::ControlKind::LedgerReply:
      if (child.is_ledger() && on_ledger_reply(message)) return;
      break;
    default:
      break;
  }
  on_nonsense(child, "out of place");
}

void Supervisor::on_nonsense(Child& child, std::string_view what) {
  if (child.killed) return;
  log::alert("{} pid={} sent the master a message it may not send, {}: killing it", child.name(), child.process.pid(),
             what);
  child.kill();
}

void Supervisor::on_control_ended(Child& child) {
  // Usually its end, and the pidfd tells in a moment. If not, check_time_outs() does.
  if (!child.control_watched) return;
  poller_.remove(child.control.descriptor());
  child.control_watched = false;
  child.control_ended = os::Monotonic::now();
}

void Supervisor::on_ready(Child& child) {
  if (child.life != Life::Starting) return;
  child.life = Life::Serving;
  child.ready = os::Monotonic::now();
  log::info("{} pid={} ready after {} ms", child.name(), child.process.pid(),
            since(child.started, child.ready).count());
  if (child.is_ledger()) {
    on_ledger_ready();
  } else {
    note_heritage(child);
    on_worker_ready();
  }
  on_ready_while_taking_over();
}

void Supervisor::on_ledger_works() {
  if (ledger().worked == ledger().started)
    log::info("ledger pid={} is at work on its store: it is waited for", ledger().process.pid());
  ledger().worked = os::Monotonic::now();
  if (phase_ == Phase::StartingLedger) hooks_.start_takes_long();
}

void Supervisor::on_ledger_ready() {
  ledger_was_ready_ = true;
  set_ledger_away(false);
  for (const Child& child : children_) {
    if (child.vacant_life != 0) send_vacant(child);
    if (child.awaits_ledger) tell_ledger_of_death(child.worker());
  }
  if (is_stopping()) return go_on_stopping();
  if (phase_ != Phase::StartingLedger) return;
  phase_ = Phase::StartingWorkers;
  for (Child& child : children_)
    if (!child.is_ledger() && is_wanted(child) && phase_ == Phase::StartingWorkers) start(child);
}

void Supervisor::on_worker_ready() {
  if (phase_ != Phase::StartingWorkers) return;
  const bool all = std::ranges::all_of(
      children_, [&](const Child& child) { return child.life == Life::Serving || !is_wanted(child); });
  if (!all) return;
  phase_ = Phase::Serving;
  hooks_.everybody_serves();
}

void Supervisor::on_failed(Child& child, const chat::ControlMessage& message) {
  if (child.told_its_failure) return;
  child.told_its_failure = true;
  const std::string why = child.is_ledger() ? message.text : printable(message.text);
  child.failure = why;
  log::error("{} pid={} failed: {}", child.name(), child.process.pid(), why);
  if (phase_ != Phase::StartingLedger && phase_ != Phase::StartingWorkers) return;
  constexpr std::uint64_t kLargestExitCode = 255;
  const bool sensible = message.number > 0 && message.number <= kLargestExitCode;
  fail_start(sensible ? static_cast<int>(message.number) : EX_SOFTWARE, why);
}

void Supervisor::on_slot_clean(std::uint32_t worker) {
  Child& child = children_[1 + worker];
  child.awaits_ledger = false;  // on_due() starts it when its time has come
}

void Supervisor::on_slot_damaged(std::uint32_t worker, const std::string& what) {
  Child& child = children_[1 + worker];
  log::alert("{} left damage in its outbox: {}", child.name(), what);
  if (!child.is_up() || child.killed) return;
  log::error("killing {} pid={}", child.name(), child.process.pid());
  child.kill();
}

void Supervisor::tell_ledger_of_death(std::uint32_t worker) {
  if (ledger().life != Life::Serving) return;  // on_ledger_ready() tells the next one
  send(ledger(), {.kind = chat::ControlKind::WorkerGone, .worker = worker, .number = 0, .text = {}});
}

// In read-only mode workers refuse at once what the ledger would have to order or store.
void Supervisor::set_ledger_away(bool away) {
  if (ledger_away_ == away) return;
  ledger_away_ = away;
  log::warning("{}", away ? "the ledger is away: read-only mode" : "the ledger is back: the end of read-only mode");
  for (Child& child : children_) {
    if (child.is_ledger() || !child.is_up()) continue;
    send(child, {.kind = away ? chat::ControlKind::LedgerAway : chat::ControlKind::LedgerBack,
                 .worker = child.worker(),
                 .number = 0,
                 .text = {}});
  }
}

void Supervisor::on_child_ended(std::uint32_t index) {
  Child& child = children_[index];
  if (!child.is_up()) return;
  // What it said last comes before its death.
  read_messages(child, kMessagesLeftBehind);

  const int pid = child.process.pid();
  poller_.remove(child.process.pidfd());  // a child that is just being forked has a duplicate for a moment
  std::optional<os::ExitStatus> status;
  try {
    status = child.process.try_wait();
    if (!status) {
      static_cast<void>(watch_end(child));
      return;
    }
  } catch (const std::exception& error) {  // somebody else has reaped it
    log::alert("{} pid={}: {}", child.name(), pid, error.what());
  }
  if (child.control_watched) poller_.remove(child.control.descriptor());
  fault::point(fault::Point::MasterInReap);

  const TimePoint now = os::Monotonic::now();
  log_end(child, pid, status);
  hold_to_account(child, status, now);
  const bool was_ready = child.life == Life::Serving;
  child.why_down = (status ? status->describe() : "unknown") + (child.failure.empty() ? "" : ": " + child.failure);
  const auto lived = was_ready ? since(child.ready, now) : std::chrono::milliseconds{0};
  const bool handed_over = child.told_to_hand_over;
  child.ended_by = cause_of_end(child, status);
  child.end_life(now);
  begin_pause(child, now);
  if (child.is_ledger())
    give_up_requests("ERR not-now the ledger ended before it had answered; look whether it is done\n");
  else
    held_.take_back(child.worker());
  state_.ring_everybody();
  if (!child.is_ledger() && ledger_was_ready_) {
    child.awaits_ledger = true;
    tell_ledger_of_death(child.worker());
  }

  if (is_stopping()) return ended_while_stopping(child, status);
  if (phase_ == Phase::HandingOver) return go_on_handing_over();
  if (phase_ != Phase::Serving) {
    return fail_start(EX_SOFTWARE, fmt::format("{} ended {}: {} (the log says more)", child.name(),
                                               was_ready ? "while the server was starting" : "before it was ready",
                                               status ? status->describe() : "unknown"));
  }
  if (give_up_take_over(fmt::format("{} ended before all served: {}", child.name(), child.why_down))) return;
  if (handed_over || !is_wanted(child)) {
    child.due = now;  // when it is wanted (again)
    child.parked = false;
    return;
  }
  plan_restart(child, now, {.lived = lived, .of_use = was_ready && work_of(child) != child.work_at_start});
}

void Supervisor::log_end(const Child& child, int pid, const std::optional<os::ExitStatus>& status) const {
  const std::string how = status ? status->describe() : "unknown";
  const double seconds = std::chrono::duration<double>(os::Monotonic::now() - child.started).count();
  const auto say = [&](log::Level level) {
    log::write(level, "{} pid={} ended: {}, after {:.1f} s", child.name(), pid, how, seconds);
  };
  if (status && status->signalled && status->value == SIGSYS)
    log::alert("{} pid={} made a system call that only an attacker makes: the sandbox ended it", child.name(), pid);
  if (!status || status->signalled)
    return say((forced_ || phase_ == Phase::HandingOver) && child.killed ? log::Level::Warning : log::Level::Critical);
  const bool asked = child.told_to_stop || child.told_to_hand_over;
  say(status->clean() && asked ? log::Level::Info : log::Level::Error);
}

// It only grows. What it counts was written by the process itself: one that ran wild can have itself started again and
// again, which costs forks and nothing else.
std::uint64_t Supervisor::work_of(const Child& child) const noexcept {
  return child.is_ledger() ? regions_.newest_seq() : regions_.bytes_given(child.worker());
}

// Without it nobody is served, or nobody can post: then it is tried again soon, however often it has died.
bool Supervisor::is_indispensable(const Child& child) const noexcept {
  if (child.is_ledger()) return true;
  return std::ranges::none_of(children_,
                              [](const Child& other) { return !other.is_ledger() && other.life == Life::Serving; });
}

void Supervisor::plan_restart(Child& child, TimePoint now, const RestartPolicy::PastLife& life) {
  RestartPolicy::Decision decision = child.policy.died(now, life);
  if (is_indispensable(child)) decision.due = std::min(decision.due, now + kLongestWithout);
  child.due = decision.due;
  child.parked = decision.parked;
  if (decision.parked)
    log::alert("{} died too often: parked for {} s", child.name(), since(now, decision.due).count() / 1000);
  else
    log::info("{} is started again in {} ms", child.name(), since(now, decision.due).count());
  if (decision.parked && child.is_ledger()) set_ledger_away(true);
}

void Supervisor::on_due(TimePoint now) {
  for (Child& child : children_)  // the ledger first
    if (may_start(child) && child.due <= now) start(child);
  if (phase_ == Phase::Serving) {
    retire();
    carry_on(now);
    check_plans(now);
  }
  check_changes(now);
  check_requests(now);
  if (is_stopping() && !ended() && stop_deadline_ <= now) on_stop_deadline();
  if (phase_ == Phase::HandingOver && hand_over_deadline_ <= now) on_hand_over_deadline();
  if (taking_over_ && take_over_deadline_ <= now) static_cast<void>(give_up_take_over("not all served in time"));
}

TimePoint Supervisor::next_due() const noexcept {
  TimePoint next = is_stopping() && !ended() ? stop_deadline_ : TimePoint::max();
  if (phase_ == Phase::HandingOver) next = hand_over_deadline_;
  if (taking_over_ && may_go_back_) next = std::min(next, take_over_deadline_);
  for (const Child& child : children_)
    if (may_start(child)) next = std::min(next, child.due);
  for (const auto& [number, request] : requests_) next = std::min(next, request.deadline);
  for (const Plan& plan : plans_) next = std::min(next, plan.deadline);
  for (const Change& change : changes_) next = std::min(next, change.deadline);
  return next;
}

}  // namespace rookery::master
