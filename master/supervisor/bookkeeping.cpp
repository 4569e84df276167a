// master/supervisor/bookkeeping.cpp: what the supervisor writes into the master's region, for metrics.
#include <utility>

#include "ipc/os/clock.h"
#include "master/supervisor/supervisor.h"

namespace rookery::master {

namespace {

// The ledger is asked to write to its disk at most so often, whatever the exporter wants.
constexpr std::chrono::milliseconds kProbeEach{200};

chat::ProcessState to_process_state(ShownState state) noexcept {
  switch (state) {
    case ShownState::Starting:
      return chat::ProcessState::Starting;
    case ShownState::Serving:
      return chat::ProcessState::Serving;
    case ShownState::Stopping:
    case ShownState::Draining:
      return chat::ProcessState::Ending;
    case ShownState::BackOff:
      return chat::ProcessState::BackOff;
    case ShownState::Parked:
      return chat::ProcessState::Parked;
    case ShownState::Drained:
    case ShownState::Stopped:
      break;
  }
  return chat::ProcessState::Absent;
}

}  // namespace

chat::ServerPhase Supervisor::phase_for_metrics() const noexcept {
  if (is_stopping()) return chat::ServerPhase::Stopping;
  if (phase_ == Phase::HandingOver || taking_over_) return chat::ServerPhase::Upgrading;
  return phase_ == Phase::Serving ? chat::ServerPhase::Serving : chat::ServerPhase::Starting;
}

void Supervisor::keep_book() noexcept {
  chat::MasterRegionHeader& header = book_.header();
  chat::set(header.heartbeat_ms, static_cast<std::uint64_t>(os::monotonic_ms()));
  chat::set(header.phase, static_cast<std::uint64_t>(phase_for_metrics()));
  chat::set(header.ledger_away, ledger_away_ ? 1 : 0);
  chat::set(header.held, held_.total());
  for (const Child& child : children_) {
    chat::ProcessEntry& entry = book_.entry(child.index);
    chat::set(entry.state, static_cast<std::uint64_t>(to_process_state(shown_state(child))));
    chat::set(entry.pid, child.is_up() ? static_cast<std::uint64_t>(child.process.pid()) : 0);
    chat::set(entry.started_ms, static_cast<std::uint64_t>(child.started_ms()));
  }
}

chat::EndCause Supervisor::cause_of_end(const Child& child, const std::optional<os::ExitStatus>& status) noexcept {
  if (child.aborted) return chat::EndCause::Hang;
  if (!status || status->signalled) return chat::EndCause::Signal;
  return child.told_to_stop || child.told_to_hand_over ? chat::EndCause::Asked : chat::EndCause::Exit;
}

void Supervisor::note_restart(const Child& child) noexcept {
  book_.restarted(child.is_ledger() ? chat::ProcessRole::Ledger : chat::ProcessRole::Worker, child.ended_by);
}

// The first of several deaths in a row counts: its clients have waited since then.
void Supervisor::begin_pause(Child& child, TimePoint now) noexcept {
  if (child.is_ledger() || held_.count(child.worker()) == 0 || child.clients_wait_since != TimePoint{}) return;
  child.clients_wait_since = now;
}

void Supervisor::end_pause(Child& child, TimePoint now) noexcept {
  const TimePoint since = std::exchange(child.clients_wait_since, TimePoint{});
  if (since == TimePoint{}) return;
  book_.paused(std::chrono::duration_cast<std::chrono::microseconds>(now - since));
}

// A successor in the place is ready: it has them all.
void Supervisor::note_heritage(Child& child) noexcept {
  chat::count(book_.header().taken_over_in_place, child.inherited);
  child.inherited = 0;
  end_pause(child, child.ready);
}

// Another worker has said what became of a client of that dead one.
void Supervisor::note_adoption(std::uint32_t dead, bool adopted) noexcept {
  if (dead >= state_.workers) return;
  Child& child = children_[1 + dead];
  chat::count(adopted ? book_.header().taken_over_by_others : book_.header().given_up);
  if (held_.count(dead) == 0) end_pause(child, os::Monotonic::now());
}

void Supervisor::probe_store() {
  const TimePoint now = os::Monotonic::now();
  if (ledger().life != Life::Serving || now - probed_ < kProbeEach) return;
  probed_ = now;
  static_cast<void>(try_send(ledger(), {.kind = chat::ControlKind::Probe}));
}

}  // namespace rookery::master
