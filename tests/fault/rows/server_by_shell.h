// tests/fault/rows/server_by_shell.h
//
// The server as a shell starts it: with limits, with descriptors that are closed or full, with children it did not
// make. `script` gets the server's command as "$@" and should end with `exec "$@"`, so that the server takes the
// shell's place and number.
#pragma once

#include <sys/prctl.h>

#include <csignal>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/driven_programs.h"
#include "tests/support/temporary_directory.h"
#include "tests/system/harness/child_program.h"
#include "tests/system/harness/console_socket.h"

namespace rookery::system_test {

class ServerByShell final {
 public:
  enum class Adopts : bool { No, Yes };

  ServerByShell(const std::string& script, std::vector<std::string> arguments, Adopts adopts = Adopts::No,
                const std::string& port = "0")
      : program_({command(script, std::move(arguments), port), files_.path(), {}, {}, adopts == Adopts::Yes}) {}

  // By its READY line; throws where it ends before.
  void wait_until_ready() {
    eventually("READY", [this] {
      if (program_.wait(std::chrono::milliseconds{0})) throw std::runtime_error("it ended: " + log());
      return program_.output().find("READY ") == 0 && program_.output().find('\n') != std::string::npos;
    });
  }
  // By its control socket, where standard output is not to be had.
  // All its processes serve: before that the death of one ends the start.
  void wait_until_it_answers() {
    eventually("the console says that all serve", [this] {
      try {
        std::istringstream lines(console("workers"));
        std::size_t serving = 0, others = 0;
        for (std::string line; std::getline(lines, line);)
          if (line.starts_with("ledger ") || line.starts_with("worker "))
            ++(line.find(" serving ") != std::string::npos ? serving : others);
        return serving > 1 && others == 0;
      } catch (const std::runtime_error&) {
        return false;
      }
    });
  }

  [[nodiscard]] std::uint16_t port() const {
    const std::string output = program_.output();
    return static_cast<std::uint16_t>(std::stoi(output.substr(output.find("port=") + 5)));
  }
  [[nodiscard]] pid_t pid() const noexcept { return program_.pid(); }
  [[nodiscard]] std::string log() const { return program_.errors(); }
  [[nodiscard]] std::string output() const { return program_.output(); }
  [[nodiscard]] std::string console(std::string_view line) const { return ask_console(data_.path(), line); }
  [[nodiscard]] ChildProgram& program() noexcept { return program_; }
  [[nodiscard]] const std::filesystem::path& data() const noexcept { return data_.path(); }

  [[nodiscard]] std::uint64_t restarts() const {
    std::uint64_t sum = 0;
    for_each_row([&](const std::string&, pid_t, std::uint64_t count) { sum += count; });
    return sum;
  }
  // "worker 0", "ledger -"; 0 when it does not run.
  [[nodiscard]] pid_t pid_of(const std::string& name) const {
    pid_t found = 0;
    for_each_row([&](const std::string& row, pid_t pid, std::uint64_t) { found = row == name ? pid : found; });
    return found;
  }

  // SIGTERM; the exit code, or 128 + signal.
  int stop() {
    program_.signal(SIGTERM);
    return program_.wait().value_or(-1);
  }

 private:
  [[nodiscard]] std::vector<std::string> command(const std::string& script, std::vector<std::string> arguments,
                                                 const std::string& port) const {
    std::vector<std::string> words{"/bin/sh",
                                   "-c",
                                   script,
                                   "sh",
                                   test::program("rookery-master"),
                                   "--port",
                                   port,
                                   "--data",
                                   data_.path().string()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return words;
  }

  template <class Visit>
  void for_each_row(Visit visit) const {
    std::istringstream lines(console("workers"));
    for (std::string line; std::getline(lines, line);) {
      std::istringstream fields(line);
      std::string role, number, pid, state, age;
      std::uint64_t count = 0;
      if (!(fields >> role >> number >> pid >> state >> age >> count)) continue;
      if (role == "worker" || role == "ledger") visit(role + " " + number, pid == "-" ? 0 : std::stoi(pid), count);
    }
  }

  test::TemporaryDirectory data_, files_;
  ChildProgram program_;
};

}  // namespace rookery::system_test
