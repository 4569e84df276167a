// tests/system/harness/server_process.h
//
// The real server on a free port, over its whole life: the objects of rookery-master, linked with cheaper password
// hashes. Where those matter, ask for ServerProgram{test::program("rookery-master")}. When the object goes the server
// is stopped by SIGTERM, if it has not ended by itself, and what must be true after every test is checked:
//   its exit code is the expected one; no process of its group is left, none was left without a parent, none is a
//   zombie; the port can be bound at once; nothing of ours is in /dev/shm; the log holds no sanitizer's report, and no
//   ALERT unless the test expects one. If the test has failed, the end of the log is printed.
//
//   ServerProcess server({"--workers", "3"});
//   TextClient alice(server.port());
//
// For a second start on the same data, give both the same TemporaryDirectory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/temporary_directory.h"
#include "tests/system/harness/child_program.h"
#include "tests/system/harness/fault_switch.h"

namespace rookery::system_test {

using test::TemporaryDirectory;

struct ProcessRow {
  std::string role;  // worker, ledger
  int number = -1;   // of a worker
  pid_t pid = 0;     // 0: not running
  std::string state;
  std::uint64_t restarts = 0;
  std::uint64_t clients = 0;
};

// A server of a test's own: a file that can be replaced while it runs.
struct ServerProgram {
  std::filesystem::path path;
  const FaultSwitch* faults = nullptr;  // must live as long as the server
};

class ServerProcess final {
 public:
  explicit ServerProcess(std::vector<std::string> arguments = {});
  ServerProcess(const TemporaryDirectory& data, std::vector<std::string> arguments);
  // With fault points: `faults` must live as long as the server.
  ServerProcess(const FaultSwitch& faults, std::vector<std::string> arguments);
  ServerProcess(const TemporaryDirectory& data, const FaultSwitch& faults, std::vector<std::string> arguments);
  ServerProcess(const ServerProgram& server, std::vector<std::string> arguments);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] const std::filesystem::path& data() const noexcept { return data_.path(); }
  [[nodiscard]] pid_t pid() const noexcept { return program_->pid(); }
  [[nodiscard]] ChildProgram& program() noexcept { return *program_; }
  [[nodiscard]] const std::string& ready_line() const noexcept { return ready_line_; }
  [[nodiscard]] std::string log() const { return program_->errors(); }

  // One command on the control socket; the whole answer. Throws when nobody listens.
  [[nodiscard]] std::string console(std::string_view command) const;
  [[nodiscard]] std::vector<ProcessRow> processes() const;
  [[nodiscard]] pid_t worker_pid(int number) const;  // throws when it does not serve
  [[nodiscard]] pid_t ledger_pid() const;
  [[nodiscard]] std::uint64_t client_count() const;
  // Until all processes serve, none of them with a pid in `gone`.
  void wait_until_all_serve(const std::vector<pid_t>& gone = {}, std::chrono::milliseconds within = kPatience) const;

  // Kills a child of the server as a crash would, and lets the log say so.
  void kill_child(pid_t child);
  void signal_child(pid_t child, int number);
  void kill_master();  // likewise the server itself; its children must go by themselves, see expect_group_gone()

  // SIGTERM, unless it has ended by itself, and everything that must be true afterwards. The destructor calls it too.
  void stop();
  void expect_exit_code(int code) noexcept { expected_exit_code_ = code; }
  void expect_alerts() noexcept { alerts_expected_ = true; }
  void expect_master_killed() noexcept;  // by itself, at a fault point
  // After the master was killed: fails unless all its children are gone, by themselves.
  void expect_group_gone();

 private:
  void start(std::vector<std::string> arguments, const FaultSwitch* faults, const std::filesystem::path& path = {});
  void wait_until_ready();
  void check_no_process_left();
  void check_port_is_free() const;
  void check_no_shared_memory_left() const;
  void check_log() const;
  void show_log_if_failed() const;

  std::unique_ptr<TemporaryDirectory> own_data_;
  TemporaryDirectory files_;  // standard output and errors
  const TemporaryDirectory& data_;
  std::unique_ptr<ChildProgram> program_;
  std::string ready_line_;
  std::uint16_t port_ = 0;
  int expected_exit_code_ = 0;
  bool alerts_expected_ = false;
  bool orphans_expected_ = false;
  bool checked_ = false;
};

// A start that is to fail: how it ended and what it said.
struct FailedStart {
  int exit_code = -1;
  std::string output;
  std::string errors;
};
[[nodiscard]] FailedStart run_server_to_its_end(std::vector<std::string> arguments,
                                                std::optional<unsigned long> descriptor_limit = {},
                                                const FaultSwitch* faults = nullptr);

}  // namespace rookery::system_test
