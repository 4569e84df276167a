#include "tests/system/harness/managed_server.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <iostream>
#include <regex>
#include <stdexcept>
#include <utility>

#include "tests/support/driven_programs.h"
#include "tests/system/harness/console_socket.h"

namespace rookery::system_test {

std::vector<std::string> managed_command(const std::filesystem::path& data, const std::vector<std::string>& arguments) {
  std::vector<std::string> command{test::program("rookery-master"), "--workers", "2", "--data", data.string()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

ManagedServer::ManagedServer(const ManagedSetup& setup)
    : data_(setup.data == nullptr ? own_.path() / "data" : setup.data->path()) {
  std::vector<std::string> command = managed_command(data_, setup.arguments);
  std::vector<std::string> environment = setup.environment;
  if (setup.faults != nullptr) {
    command.front() = test::program("rookery-master-faulty");
    environment.push_back("ROOKERY_FAULT=" + setup.faults->setting());
  }
  program_ = std::make_unique<ChildProgram>(ProgramSetup{.command = std::move(command),
                                                         .directory = own_.path(),
                                                         .descriptor_limit = {},
                                                         .environment = std::move(environment),
                                                         .passed = setup.passed});
  eventually("the server prints READY", [this] {
    static const std::regex kReady(R"(READY host=(\S+) port=(\d+) [^\n]*\n)");
    const std::string output = program_->output();
    std::smatch match;
    if (std::regex_search(output, match, kReady)) {
      host_ = match[1];
      port_ = static_cast<std::uint16_t>(std::stoi(match[2]));
      return true;
    }
    if (program_->wait(std::chrono::milliseconds{0})) throw std::runtime_error("no READY: " + program_->errors());
    return false;
  });
}

ManagedServer::~ManagedServer() {
  if (!program_->has_ended()) {
    program_->signal(SIGTERM);
    EXPECT_EQ(program_->wait(), 0);
  }
  if (testing::Test::HasFailure()) std::cerr << program_->errors();
}

std::string ManagedServer::console(std::string_view command) const {
  return ask_console(data_, command);
}

}  // namespace rookery::system_test
