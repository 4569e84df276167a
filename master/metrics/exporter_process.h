// master/metrics/exporter_process.h
//
// The exporter: a process of its own that reads the shared regions and answers HTTP, so that nothing else of the server
// ever sees a byte of whoever asks. It owns nothing that anybody would miss.
//
// When it dies    nobody notices but who was just asking; the master starts another one on the same listening socket.
#pragma once

#include "ipc/chat/shared_state.h"
#include "ipc/log.h"

namespace rookery::metrics {

struct ExporterStart {
  int control = -1;         // its end of the pipe with the master
  int listener = -1;        // bound and listening, non-blocking
  int data_directory = -1;  // to ask for free space and the size of the store
  log::Level log_level = log::Level::Info;
  log::Format log_format = log::Format::Text;
  bool sandboxed = true;
};

// Runs it to its end. Returns the exit code.
[[nodiscard]] int run_exporter(const ExporterStart& start, const chat::SharedState& state);

}  // namespace rookery::metrics
