// client/load/compare/started_server.h
//
// A rookery-master of our own: in one shape, on a free port of loopback, with an empty data directory, stopped and
// cleaned up with the object, whatever happens. If this program is killed, the kernel kills the server.
//
// It is in a process group of its own, so that ^C reaches this program only, and reads no ROOKERY_ variable and no .env
// of ours: all shapes get the same options and nothing else.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "client/load/compare/results.h"
#include "client/load/compare/scratch_directory.h"
#include "client/terminal/endpoint.h"
#include "ipc/os/file_descriptor.h"
#include "ipc/os/process.h"

namespace rookery::load {

struct WorkerRow {
  std::uint32_t number = 0;
  pid_t pid = 0;
  std::string state;
  std::uint32_t clients = 0;
};

class StartedServer final {
 public:
  // Returns when it serves. Throws std::runtime_error, with the end of its log, when it does not.
  // REQUIRES: this process has one thread.
  StartedServer(const std::filesystem::path& program, const Shape& shape, std::uint32_t max_clients);
  ~StartedServer() { stop(); }
  StartedServer(const StartedServer&) = delete;
  StartedServer& operator=(const StartedServer&) = delete;

  [[nodiscard]] const client::Endpoint& endpoint() const noexcept { return endpoint_; }
  [[nodiscard]] double start_ms() const noexcept { return start_ms_; }  // until it printed READY
  [[nodiscard]] std::vector<pid_t> processes() const;                   // master, ledger and workers as they are now

  // Asks the master. Throws std::runtime_error when it does not answer.
  [[nodiscard]] std::vector<WorkerRow> workers() const;
  // Which worker has the client that connected from a port of loopback.
  [[nodiscard]] std::map<std::uint16_t, std::uint32_t> worker_of_port() const;

  // SIGTERM; SIGKILL for all of it when it takes too long. Nothing if it is stopped already.
  void stop() noexcept;

 private:
  void wait_until_ready();
  [[nodiscard]] std::vector<std::string> ask(const char* command) const;
  [[nodiscard]] std::string end_of_log() const;

  ScratchDirectory directory_;
  os::FileDescriptor output_;  // the server's standard output
  os::Process master_;
  client::Endpoint endpoint_;
  double start_ms_ = 0;
};

// rookery-master beside the running program. Throws std::runtime_error where there is none.
[[nodiscard]] std::filesystem::path server_beside_this_program();

}  // namespace rookery::load
