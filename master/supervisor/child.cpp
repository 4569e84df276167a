#include "master/supervisor/child.h"

#include <csignal>
#include <utility>

namespace rookery::master {

std::string_view to_string(ShownState state) noexcept {
  switch (state) {
    case ShownState::Starting:
      return "starting";
    case ShownState::Serving:
      return "serving";
    case ShownState::Stopping:
      return "stopping";
    case ShownState::Draining:
      return "draining";
    case ShownState::Drained:
      return "drained";
    case ShownState::BackOff:
      return "back-off";
    case ShownState::Parked:
      return "parked";
    case ShownState::Stopped:
      break;
  }
  return "stopped";
}

std::string Child::name() const {
  return is_ledger() ? "ledger" : "worker " + std::to_string(worker());
}

std::int64_t Child::started_ms() const noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(started.time_since_epoch()).count();
}

void Child::begin_life(Launched launched, TimePoint now) {
  process = std::move(launched.process);
  control = std::move(launched.control);
  slot_epoch = launched.slot_epoch;
  life = Life::Starting;
  started = now;
  worked = now;
  control_watched = false;
  control_full = false;
  control_ended = {};
  told_to_stop = false;
  told_to_hand_over = false;
  wants_room = false;
  told_its_failure = false;
  failure.clear();
  aborted = false;
  was_stopped = false;
  killed = false;
  parked = false;
}

void Child::end_life(TimePoint now) {
  process = os::Process();
  control = ControlChannel();
  life = Life::Down;
  died = now;
  wait_was_told = false;
}

void Child::kill() noexcept {
  process.signal(SIGCONT);
  process.signal(SIGKILL);
  killed = true;
}

}  // namespace rookery::master
