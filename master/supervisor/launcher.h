// master/supervisor/launcher.h
//
// Forks children. Each keeps what it needs and nothing else: the descriptors on its allow-list, standard input and
// output that lead nowhere, signals that the master answers for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "ipc/chat/shared_state.h"
#include "ipc/os/process.h"
#include "master/supervisor/control_channel.h"
#include "worker/worker_process.h"

namespace rookery::master {

struct Launched {
  os::Process process;
  ControlChannel control;
  std::uint64_t slot_epoch = 0;  // a worker's life; of the ledger 0
};

class Launcher final {
 public:
  struct Inheritance {
    int lock = -1;              // the ledger's
    int listener = -1;          // the workers'
    int metrics_listener = -1;  // the exporter's; -1: none is wanted
    int data_directory = -1;    // likewise
    std::filesystem::path data;
    worker::WorkerSettings worker_settings;
  };

  Launcher(chat::SharedState& state, Inheritance inheritance);

  // Both throw std::system_error where descriptors or processes are short.
  [[nodiscard]] Launched launch_ledger();
  // The first time in a place it needs memory. The child keeps the sockets of `inherited`; they stay the caller's too.
  [[nodiscard]] Launched launch_worker(std::uint32_t number, std::vector<worker::InheritedClient> inherited);

  // For those who are launched from now on.
  void change(const chat::RuntimeSettings& settings) noexcept { inheritance_.worker_settings.runtime = settings; }
  // Serves metrics, see master/metrics/. REQUIRES: there is a metrics_listener.
  [[nodiscard]] Launched launch_exporter();
  [[nodiscard]] bool has_exporter() const noexcept { return inheritance_.metrics_listener >= 0; }

  // Of the newest worker. A successor goes on from there.
  [[nodiscard]] std::uint64_t last_slot_epoch() const noexcept { return last_slot_epoch_; }
  void go_on_from(std::uint64_t slot_epoch) noexcept { last_slot_epoch_ = slot_epoch; }

 private:
  chat::SharedState& state_;
  Inheritance inheritance_;
  std::uint64_t last_slot_epoch_ = 0;
  std::vector<bool> has_memory_;  // by place
};

}  // namespace rookery::master
