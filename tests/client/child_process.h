// tests/client/child_process.h
//
// A program under test, with its standard descriptors on pipes or on a pseudo-terminal. Killed and reaped at the latest
// by the destructor.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace rookery::client {

class ChildProcess final {
 public:
  enum class Stdio { Pipes, Terminal };

  // `environment` entries are NAME=VALUE, on top of our own.
  ChildProcess(Stdio stdio, std::vector<std::string> command, const std::vector<std::string>& environment);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void write(std::string_view bytes) const;
  void close_input();
  void signal(int number) const;
  // Waits until the output since the last such call contains `text`; returns that output, up to the end of `text`.
  std::string read_until(std::string_view text);
  [[nodiscard]] int wait();  // for its end: the exit code, or 128 + the signal

  // What it wrote, once wait() has returned. With a terminal all is in output().
  [[nodiscard]] const std::string& output() const { return output_; }
  [[nodiscard]] const std::string& errors() const { return errors_; }

 private:
  bool read_some();  // false when both ends are closed

  pid_t pid_ = -1;
  int input_fd_ = -1;
  int output_fd_ = -1;
  int error_fd_ = -1;  // -1 with a terminal
  std::string output_;
  std::string errors_;
  std::size_t seen_ = 0;  // bytes of output_ that read_until() has passed
};

}  // namespace rookery::client
