// master/ledger/ledger_process.h
//
// The ledger's entry: what the master runs in the child that orders, publishes and stores.
#pragma once

#include <filesystem>

#include "ipc/chat/shared_state.h"
#include "ipc/log.h"
#include "master/ledger/store.h"

namespace rookery::ledger {

struct LedgerStart {
  int control = -1;         // this child's end of the duplex pipe with the master
  int lock = -1;            // the data directory's lock, held as long as this process lives
  int data_directory = -1;  // likewise: it is locked too
  std::filesystem::path data;
  log::Level log_level = log::Level::Info;
  log::Format log_format = log::Format::Text;
  bool sandboxed = true;
  store::Retention retention = {};
};

// Serves until the master says Stop or dies, and returns the exit code.
[[nodiscard]] int run_ledger(const LedgerStart& start, chat::SharedState& state);

}  // namespace rookery::ledger
