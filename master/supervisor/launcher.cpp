#include "master/supervisor/launcher.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "ipc/os/clock.h"
#include "ipc/os/pipe.h"
#include "master/ledger/ledger_process.h"
#include "master/supervisor/signals.h"

namespace rookery::master {

namespace {

constexpr int kSetUpFailed = 70;

bool empty_standard_input() noexcept {
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const bool done = nothing >= 0 && ::dup2(nothing, STDIN_FILENO) >= 0;
  if (nothing > STDIN_FILENO) ::close(nothing);
  return done;
}

Launched launch(const std::function<std::vector<int>()>& allow_list, const std::function<int(int control)>& run) {
  os::DuplexPipe pipe = os::make_duplex_pipe();
  const pid_t master = ::getpid();
  os::Process process = os::Process::spawn([&] {
    if (!os::tie_to_parent(master)) return kSetUpFailed;
    restore_fault_signals();
    std::vector<int> keep = allow_list();
    keep.push_back(pipe.theirs.get());
    os::close_all_but(std::move(keep));
    if (!empty_standard_input()) return kSetUpFailed;
    return run(pipe.theirs.get());
  });
  return {std::move(process), ControlChannel(std::move(pipe.ours))};
}

void allow_reading_all(const chat::SharedState& state, std::vector<int>& keep) {
  for (const auto* segment : {&state.log_ring, &state.ledger_region, &state.user_table})
    keep.push_back(segment->reader_descriptor());
  for (const auto& region : state.worker_regions) keep.push_back(region.reader_descriptor());
}

std::vector<int> ledger_keeps(const chat::SharedState& state, int lock) {
  std::vector<int> keep{lock, state.ledger_doorbell.read_end.get(), state.ledger_doorbell.write_end.get()};
  for (const auto* segment : {&state.log_ring, &state.ledger_region, &state.user_table})
    keep.push_back(segment->writer_descriptor());
  for (const auto& bell : state.loop_doorbells) keep.push_back(bell.write_end.get());
  allow_reading_all(state, keep);
  return keep;
}

std::vector<int> worker_keeps(const chat::SharedState& state, std::uint32_t number, int listener) {
  std::vector<int> keep{listener, state.ledger_doorbell.write_end.get(),
                        state.worker_regions[number].writer_descriptor()};
  for (std::uint32_t loop = 0; loop < state.loops; ++loop) {
    const auto& bell = state.loop_doorbells[state.slot(number, loop)];
    keep.push_back(bell.read_end.get());
    keep.push_back(bell.write_end.get());
  }
  allow_reading_all(state, keep);
  return keep;
}

}  // namespace

Launcher::Launcher(chat::SharedState& state, Inheritance inheritance)
    : state_(state), inheritance_(std::move(inheritance)) {}

Launched Launcher::launch_ledger() {
  return launch([&] { return ledger_keeps(state_, inheritance_.lock); },
                [&](int control) {
                  return ledger::run_ledger({.control = control,
                                             .lock = inheritance_.lock,
                                             .data = inheritance_.data,
                                             .log_level = inheritance_.worker_settings.log_level},
                                            state_);
                });
}

Launched Launcher::launch_worker(std::uint32_t number) {
  // Grows even when the clock is set back.
  last_slot_epoch_ =
      std::max(last_slot_epoch_ + 1, static_cast<std::uint64_t>(std::max<std::int64_t>(os::realtime_ms(), 0)));
  return launch(
      [&] { return worker_keeps(state_, number, inheritance_.listener); },
      [&](int control) {
        return worker::run_worker(
            {.number = number, .slot_epoch = last_slot_epoch_, .control = control, .listener = inheritance_.listener},
            inheritance_.worker_settings, state_);
      });
}

}  // namespace rookery::master
