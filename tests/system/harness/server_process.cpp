#include "tests/system/harness/server_process.h"
#include "tests/support/driven_programs.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <regex>
#include <sstream>
#include <stdexcept>

#include "tests/system/harness/console_socket.h"
#include "tests/system/harness/processes.h"

namespace rookery::system_test {
namespace {

constexpr std::size_t kShownLogLines = 60;

std::vector<std::string> server_command(std::vector<std::string> arguments, const FaultSwitch* faults) {
  arguments.insert(arguments.begin(),
                   test::program(faults != nullptr ? "rookery-master-faulty" : "rookery-master-cheap-hashes"));
  return arguments;
}

// Unless a test says otherwise a stop is given minutes: on a busy machine a server needs them. The leak check is half
// of what a server under AddressSanitizer costs from start to stop; those without fault points, in the usual model,
// have it.
std::vector<std::string> server_environment(const FaultSwitch* faults) {
  std::vector<std::string> result{std::string("ROOKERY_SHUTDOWN_TIMEOUT=") + kNeverForced};
  const char* const model = std::getenv("ROOKERY_MODEL");  // the tests run once more with another, see CMakeLists.txt
  if (model != nullptr) result.push_back(std::string("ROOKERY_MODEL=") + model);
  if (faults != nullptr) result.push_back("ROOKERY_FAULT=" + faults->setting());
  if (model != nullptr || faults != nullptr) result.emplace_back("LSAN_OPTIONS=detect_leaks=0");
  return result;
}

std::string last_lines(const std::string& text, std::size_t count) {
  std::size_t begin = text.size();
  for (std::size_t i = 0; i <= count && begin > 0; ++i) begin = std::min(text.rfind('\n', begin - 1), begin - 1);
  return text.substr(begin);
}

}  // namespace

ServerProcess::ServerProcess(std::vector<std::string> arguments)
    : own_data_(std::make_unique<TemporaryDirectory>()), data_(*own_data_) {
  start(std::move(arguments), nullptr);
}

ServerProcess::ServerProcess(const TemporaryDirectory& data, std::vector<std::string> arguments) : data_(data) {
  start(std::move(arguments), nullptr);
}

ServerProcess::ServerProcess(const FaultSwitch& faults, std::vector<std::string> arguments)
    : own_data_(std::make_unique<TemporaryDirectory>()), data_(*own_data_) {
  start(std::move(arguments), &faults);
}

ServerProcess::ServerProcess(const TemporaryDirectory& data, const FaultSwitch& faults,
                             std::vector<std::string> arguments)
    : data_(data) {
  start(std::move(arguments), &faults);
}

ServerProcess::ServerProcess(const ServerProgram& server, std::vector<std::string> arguments)
    : own_data_(std::make_unique<TemporaryDirectory>()), data_(*own_data_) {
  start(std::move(arguments), server.faults, server.path);
}

void ServerProcess::start(std::vector<std::string> arguments, const FaultSwitch* faults,
                          const std::filesystem::path& path) {
  arguments.insert(arguments.begin(), {"--port", "0", "--data", data_.path().string()});
  std::vector<std::string> command = server_command(std::move(arguments), faults);
  if (!path.empty()) command.front() = path.string();
  program_ = std::make_unique<ChildProgram>(
      ProgramSetup{std::move(command), files_.path(), std::nullopt, server_environment(faults)});
  try {
    wait_until_ready();
  } catch (...) {
    std::cerr << program_->errors();
    throw;
  }
}

void ServerProcess::wait_until_ready() {
  eventually("the server prints READY", [this] {
    const std::string output = program_->output();
    if (output.starts_with("READY ") && output.find('\n') != std::string::npos) {
      ready_line_ = output.substr(0, output.find('\n'));
      return true;
    }
    if (program_->wait(std::chrono::milliseconds{0})) throw std::runtime_error("the server ended before READY");
    return false;
  });
  static const std::regex kReady(R"(READY host=(\S+) port=(\d+) pid=(\d+) workers=\d+ loops=\d+)");
  std::smatch match;
  if (!std::regex_match(ready_line_, match, kReady)) throw std::runtime_error("no READY line: " + ready_line_);
  port_ = static_cast<std::uint16_t>(std::stoi(match[2]));
  EXPECT_EQ(std::stoi(match[3]), program_->pid());
}

std::string ServerProcess::console(std::string_view command) const {
  return ask_console(data_.path(), command);
}

// PROCESS NO PID STATE AGE_S RESTARTS HEARTBEAT_MS CLIENTS OUTBOX_WORDS
std::vector<ProcessRow> ServerProcess::processes() const {
  const auto number = [](const std::string& text) { return text == "-" ? 0 : std::stoull(text); };
  std::vector<ProcessRow> rows;
  std::istringstream lines(console("workers"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string role, worker, pid, state, age, restarts, heartbeat, clients;
    fields >> role >> worker >> pid >> state >> age >> restarts >> heartbeat >> clients;
    if (role != "worker" && role != "ledger") continue;
    rows.push_back({role, worker == "-" ? -1 : std::stoi(worker), static_cast<pid_t>(number(pid)), state,
                    number(restarts), number(clients)});
  }
  return rows;
}

pid_t ServerProcess::worker_pid(int number) const {
  for (const ProcessRow& row : processes())
    if (row.role == "worker" && row.number == number && row.pid != 0) return row.pid;
  throw std::runtime_error("worker " + std::to_string(number) + " is not there");
}

pid_t ServerProcess::ledger_pid() const {
  for (const ProcessRow& row : processes())
    if (row.role == "ledger" && row.pid != 0) return row.pid;
  throw std::runtime_error("the ledger is not there");
}

std::uint64_t ServerProcess::client_count() const {
  std::uint64_t count = 0;
  for (const ProcessRow& row : processes()) count += row.clients;
  return count;
}

void ServerProcess::wait_until_all_serve(const std::vector<pid_t>& gone, std::chrono::milliseconds within) const {
  const auto all_serve = [&] {
    const auto rows = processes();
    return !rows.empty() && std::ranges::all_of(rows, [&](const ProcessRow& row) {
      return row.state == "serving" && std::ranges::find(gone, row.pid) == gone.end();
    });
  };
  eventually("all processes serve", all_serve, within);
}

void ServerProcess::kill_child(pid_t child) {
  signal_child(child, SIGKILL);
}

void ServerProcess::signal_child(pid_t child, int number) {
  alerts_expected_ = true;
  const auto children = children_of(pid());
  if (std::ranges::find(children, child, &Process::pid) == children.end())
    throw std::runtime_error("not a child of the server: " + std::to_string(child));
  ::kill(child, number);
}

void ServerProcess::expect_master_killed() noexcept {
  expected_exit_code_ = 128 + SIGKILL;
  orphans_expected_ = true;
}

void ServerProcess::kill_master() {
  expect_master_killed();
  program_->signal(SIGKILL);
}

void ServerProcess::expect_group_gone() {
  static_cast<void>(program_->wait());
  eventually("all processes of the server are gone", [this] {
    reap_adopted(program_->pid());
    return processes_in_group(program_->pid()).empty();
  });
}

void ServerProcess::stop() {
  if (checked_) return;
  checked_ = true;
  if (!program_->wait(std::chrono::milliseconds{0})) program_->signal(SIGTERM);
  const auto exit_code = program_->wait();
  EXPECT_TRUE(exit_code.has_value()) << "the server does not end";
  EXPECT_EQ(exit_code.value_or(expected_exit_code_), expected_exit_code_);
  check_no_process_left();
  check_port_is_free();
  check_no_shared_memory_left();
  check_log();
}

ServerProcess::~ServerProcess() {
  try {
    if (program_ && port_ != 0) stop();
    show_log_if_failed();
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
  }
}

void ServerProcess::check_no_process_left() {
  if (orphans_expected_) return expect_group_gone();
  // A leak check at a process's end has a helper process, which is orphaned when the end is forced in the middle of it.
  if (test::sanitizer() == test::Sanitizer::Address && expected_exit_code_ != 0) reap_adopted(program_->pid());
  // Whatever a master that has ended leaves behind is adopted by this process.
  for (const Process& left : processes_in_group(program_->pid()))
    ADD_FAILURE() << "the server left process " << left.pid << ", state " << left.state;
}

// Another test's server or client may be given the same port at once, and keeps it for a while; what is left behind
// stays.
void ServerProcess::check_port_is_free() const {
  const auto is_free = [this] {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);  // as every server does
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    address.sin_port = ::htons(port_);
    const bool bound = ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(socket);
    return bound;
  };
  try {
    eventually("port " + std::to_string(port_) + " is free again", is_free, 2 * kPatience);
  } catch (const TimedOut& error) {
    ADD_FAILURE() << error.what();
  }
}

void ServerProcess::check_no_shared_memory_left() const {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", none))
    EXPECT_EQ(entry.path().filename().string().find("rookery"), std::string::npos) << entry.path();
}

void ServerProcess::check_log() const {
  std::istringstream lines(log());
  for (std::string line; std::getline(lines, line);) {
    for (const char* report : {"AddressSanitizer", "ThreadSanitizer", "LeakSanitizer", "runtime error:"})
      EXPECT_EQ(line.find(report), std::string::npos) << line;
    if (alerts_expected_) continue;
    EXPECT_EQ(line.find("ALERT"), std::string::npos) << line;
  }
}

void ServerProcess::show_log_if_failed() const {
  if (!program_ || (!testing::Test::HasFailure() && std::uncaught_exceptions() == 0)) return;
  std::cerr << "--- the end of the server's log ---\n" << last_lines(log(), kShownLogLines) << "---\n";
}

FailedStart run_server_to_its_end(std::vector<std::string> arguments, std::optional<unsigned long> descriptor_limit,
                                  const FaultSwitch* faults) {
  const TemporaryDirectory files;
  ChildProgram program(
      {server_command(std::move(arguments), faults), files.path(), descriptor_limit, server_environment(faults)});
  FailedStart result;
  if (const auto exit_code = program.wait())
    result.exit_code = *exit_code;
  else
    ADD_FAILURE() << "the server runs where it should not have started";
  result.output = program.output();
  result.errors = program.errors();
  EXPECT_TRUE(processes_in_group(program.pid()).empty()) << "a failed start left processes";
  return result;
}

}  // namespace rookery::system_test
