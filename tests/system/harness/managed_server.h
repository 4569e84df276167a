// tests/system/harness/managed_server.h
//
// The real server as a service manager starts it: with variables in its environment and perhaps a socket passed to it.
// Stopped by SIGTERM when the object goes, and expected to end in good order.
//
//   ManagedServer server({.environment = {manager.variable()}});
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/temporary_directory.h"
#include "tests/system/harness/child_program.h"
#include "tests/system/harness/fault_switch.h"

namespace rookery::system_test {

struct ManagedSetup {
  std::vector<std::string> arguments{"--port", "0"};
  std::vector<std::string> environment{};
  std::vector<int> passed{};
  const test::TemporaryDirectory* data = nullptr;  // null: one of its own
  const FaultSwitch* faults = nullptr;             // must live as long as the server
};

class ManagedServer final {
 public:
  explicit ManagedServer(const ManagedSetup& setup);  // returns when it serves
  ~ManagedServer();
  ManagedServer(const ManagedServer&) = delete;
  ManagedServer& operator=(const ManagedServer&) = delete;

  [[nodiscard]] pid_t pid() const noexcept { return program_->pid(); }
  [[nodiscard]] std::string host() const { return host_; }  // as READY says
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] ChildProgram& program() noexcept { return *program_; }
  [[nodiscard]] std::string log() const { return program_->errors(); }
  [[nodiscard]] std::string console(std::string_view command) const;

 private:
  test::TemporaryDirectory own_;
  std::filesystem::path data_;
  std::unique_ptr<ChildProgram> program_;
  std::string host_;
  std::uint16_t port_ = 0;
};

// The command line of one with two workers.
[[nodiscard]] std::vector<std::string> managed_command(const std::filesystem::path& data,
                                                       const std::vector<std::string>& arguments);

}  // namespace rookery::system_test
