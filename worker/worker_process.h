// worker/worker_process.h
//
// The worker's one entry: what the master runs in the child it has forked. All other headers of worker/ are the
// worker's own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ipc/chat/control_message.h"
#include "ipc/chat/runtime_settings.h"
#include "ipc/chat/shared_state.h"
#include "ipc/log.h"
#include "ipc/os/file_descriptor.h"

namespace rookery::worker {

using chat::ClientLimits;
inline constexpr std::uint32_t kLineBurstSeconds = 5;

// Who waits for clients' input: each loop for all of its clients, or a thread for each client.
enum class Model : std::uint8_t { Event, ThreadPerClient };

struct WorkerSettings {
  Model model = Model::Event;
  std::uint32_t pool_threads = 2;
  std::uint32_t max_clients = 0;  // over all workers
  bool sandboxed = true;
  std::uint64_t address_secret = 0;    // the same in all workers: seed of the hash of addresses
  chat::RuntimeSettings runtime = {};  // at the start; from then on each loop has its own, which may change
};

// A connection that the process before had and this one carries on. All else about it is in the worker's region.
struct InheritedClient {
  std::uint64_t client = 0;
  chat::Place place;
  int socket = -1;     // this process's own from here on; -1: it was lost, so the client cannot be served
  bool doubt = false;  // workers died of it: to be closed, with a hint to connect again
};

struct WorkerStart {
  std::uint32_t number = 0;                     // which worker
  std::uint64_t slot_epoch = 0;                 // the life of its slots: never the same for two processes
  int control = -1;                             // this child's end of the duplex pipe with the master
  int listener = -1;                            // shared with all workers
  std::vector<InheritedClient> inherited = {};  // sessions in the region that are not among them are nobody's
};

// Serves until the master says Stop or dies, and returns the exit code. Runs single-threaded up to its own set-up;
// signals are blocked by the caller. `state` is the caller's: this function maps what it needs of it.
[[nodiscard]] int run_worker(const WorkerStart& start, const WorkerSettings& settings, chat::SharedState& state);

}  // namespace rookery::worker
