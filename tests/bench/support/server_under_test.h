// tests/bench/support/server_under_test.h
//
// The real rookery-master on a free port with an empty data directory, stopped with the object.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "ipc/os/process.h"
#include "tests/support/temporary_directory.h"

namespace rookery::bench {

using test::TemporaryDirectory;

// The program built with this benchmark.
[[nodiscard]] std::string built_server();

class ServerUnderTest final {
 public:
  // Returns when it serves. Throws std::runtime_error with its log when it does not.
  ServerUnderTest(const std::string& program, const std::vector<std::string>& arguments);
  ~ServerUnderTest();
  ServerUnderTest(const ServerUnderTest&) = delete;
  ServerUnderTest& operator=(const ServerUnderTest&) = delete;

  // Stops it in good order and starts it again on the same data, on another port.
  void restart();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] const std::vector<pid_t>& processes() const noexcept { return processes_; }
  [[nodiscard]] pid_t ledger() const noexcept { return ledger_; }
  // The newest one in that place that is ready, as the log says; 0: none.
  [[nodiscard]] pid_t worker(int number) const;
  // The log says that another ledger than ledger() is ready.
  [[nodiscard]] bool ledger_was_replaced() const;

 private:
  void start();
  void stop();
  void wait_until_ready();
  [[nodiscard]] std::string contents(const char* file) const;

  TemporaryDirectory directory_;
  std::vector<std::string> command_;
  os::Process master_;
  std::uint16_t port_ = 0;
  std::vector<pid_t> processes_;
  pid_t ledger_ = 0;
};

}  // namespace rookery::bench
