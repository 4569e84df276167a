#include "master/supervisor/launcher.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "ipc/fault/fault_point.h"
#include "ipc/os/clock.h"
#include "ipc/os/crash_dump.h"
#include "ipc/os/errors.h"
#include "ipc/os/pipe.h"
#include "ipc/os/process.h"
#include "master/ledger/ledger_process.h"
#include "master/metrics/exporter_process.h"
#include "master/supervisor/signals.h"

namespace rookery::master {

namespace {

constexpr int kSetUpFailed = 70;

// Above what the kernel reckons from memory alone, in thousandths of the machine's: when memory is short a worker goes
// before the ledger and the master, since it is what costs the least to start again.
constexpr int kWorkerOomScore = 200;
constexpr int kMostOomScore = 1000;

// Raising it needs no privilege. Where /proc is missing the kernel decides alone.
void offer_to_the_oom_killer() noexcept {
  const int file = ::open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  std::array<char, 16> text{};
  const ssize_t bytes = ::read(file, text.data(), text.size());
  int score = 0;
  if (bytes > 0) std::from_chars(text.data(), text.data() + bytes, score);
  const std::string wanted = std::to_string(std::min(score + kWorkerOomScore, kMostOomScore));
  static_cast<void>(::pwrite(file, wanted.data(), wanted.size(), 0));
  ::close(file);
}

Launched launch(const std::string& name, const std::function<std::vector<int>()>& allow_list,
                const std::function<int(int control)>& run) {
  if (const fault::Effect effect = fault::effect_at(fault::Point::MasterFork)) {
    errno = effect.error;
    os::throw_errno("cannot fork");
  }
  os::DuplexPipe pipe = os::make_duplex_pipe();
  const pid_t master = ::getpid();
  os::Process process = os::Process::spawn([&] {
    if (!os::tie_to_parent(master)) return kSetUpFailed;
    restore_fault_signals();
    std::vector<int> keep = allow_list();
    keep.push_back(pipe.theirs.get());
    os::close_all_but(std::move(keep));
    // Commands and answers are between the operator and the master; a child writes to the log alone.
    if (!os::empty_standard_streams()) return kSetUpFailed;
    os::install_crash_dump(name);
    return run(pipe.theirs.get());
  });
  return {.process = std::move(process), .control = ControlChannel(std::move(pipe.ours))};
}

void allow_reading_all(const chat::SharedState& state, std::vector<int>& keep) {
  for (const auto* segment : {&state.log_ring, &state.ledger_region, &state.user_table})
    keep.push_back(segment->reader_descriptor());
  for (const auto& region : state.worker_regions) keep.push_back(region.reader_descriptor());
}

std::vector<int> ledger_keeps(const chat::SharedState& state, int lock, int data_directory) {
  std::vector<int> keep{lock, data_directory, state.ledger_doorbell.read_end.get(),
                        state.ledger_doorbell.write_end.get()};
  for (const auto* segment : {&state.log_ring, &state.ledger_region, &state.user_table})
    keep.push_back(segment->writer_descriptor());
  for (const auto& bell : state.loop_doorbells) keep.push_back(bell.write_end.get());
  allow_reading_all(state, keep);
  return keep;
}

std::vector<int> worker_keeps(const chat::SharedState& state, std::uint32_t number, int listener,
                              const std::vector<worker::InheritedClient>& inherited) {
  std::vector<int> keep{listener, state.ledger_doorbell.write_end.get(),
                        state.worker_regions[number].writer_descriptor()};
  for (std::uint32_t loop = 0; loop < state.loops; ++loop) {
    const auto& bell = state.loop_doorbells[state.slot(number, loop)];
    keep.push_back(bell.read_end.get());
    keep.push_back(bell.write_end.get());
  }
  allow_reading_all(state, keep);
  keep.reserve(keep.size() + inherited.size() + 1);
  for (const worker::InheritedClient& client : inherited) keep.push_back(client.socket);
  return keep;
}

// Regions to read, without the user table: there are password hashes in it.
std::vector<int> exporter_keeps(const chat::SharedState& state, int listener, int data_directory) {
  std::vector<int> keep{listener, data_directory};
  for (const auto* segment : {&state.log_ring, &state.ledger_region, &state.master_region})
    keep.push_back(segment->reader_descriptor());
  for (const auto& region : state.worker_regions) keep.push_back(region.reader_descriptor());
  return keep;
}

}  // namespace

Launcher::Launcher(chat::SharedState& state, Inheritance inheritance)
    : state_(state), inheritance_(std::move(inheritance)), has_memory_(state.workers) {}

Launched Launcher::launch_ledger() {
  return launch(
      "ledger", [&] { return ledger_keeps(state_, inheritance_.lock, inheritance_.data_directory); },
      [&](int control) {
        const chat::RuntimeSettings& runtime = inheritance_.worker_settings.runtime;
        return ledger::run_ledger({.control = control,
                                   .lock = inheritance_.lock,
                                   .data_directory = inheritance_.data_directory,
                                   .data = inheritance_.data,
                                   .log_level = runtime.log_level,
                                   .log_format = runtime.log_format,
                                   .sandboxed = inheritance_.worker_settings.sandboxed,
                                   .retention = {.age = runtime.history_age, .bytes = runtime.history_bytes}},
                                  state_);
      });
}

Launched Launcher::launch_exporter() {
  return launch(
      "exporter", [&] { return exporter_keeps(state_, inheritance_.metrics_listener, inheritance_.data_directory); },
      [&](int control) {
        offer_to_the_oom_killer();
        return metrics::run_exporter({.control = control,
                                      .listener = inheritance_.metrics_listener,
                                      .data_directory = inheritance_.data_directory,
                                      .log_level = inheritance_.worker_settings.runtime.log_level,
                                      .log_format = inheritance_.worker_settings.runtime.log_format,
                                      .sandboxed = inheritance_.worker_settings.sandboxed},
                                     state_);
      });
}

Launched Launcher::launch_worker(std::uint32_t number, std::vector<worker::InheritedClient> inherited) {
  if (!has_memory_[number]) state_.reserve_place(number);
  has_memory_[number] = true;
  // Grows even when the clock is set back.
  last_slot_epoch_ =
      std::max(last_slot_epoch_ + 1, static_cast<std::uint64_t>(std::max<std::int64_t>(os::realtime_ms(), 0)));
  Launched launched = launch(
      "worker " + std::to_string(number),
      [&] { return worker_keeps(state_, number, inheritance_.listener, inherited); },
      [&](int control) {
        offer_to_the_oom_killer();
        return worker::run_worker({.number = number,
                                   .slot_epoch = last_slot_epoch_,
                                   .control = control,
                                   .listener = inheritance_.listener,
                                   .inherited = std::move(inherited)},
                                  inheritance_.worker_settings, state_);
      });
  launched.slot_epoch = last_slot_epoch_;
  return launched;
}

}  // namespace rookery::master
