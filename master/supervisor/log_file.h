// master/supervisor/log_file.h
//
// Where the log goes: standard error, or a file that takes its place (--log-file). All processes write to descriptor 2,
// the master's children from their fork on; when the file is opened anew the master passes it to them
// (ControlKind::LogReopen), for they can open nothing.
//
//     LogFile log;
//     const std::string why = log.open(options.log_file);   // empty: done. Also once more, and with another file
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "ipc/os/file_descriptor.h"

namespace rookery::master {

class LogFile final {
 public:
  // Nothing: back to what standard error was. Never waits, also not for who is to read a pipe. Not done: all is as it
  // was.
  [[nodiscard]] std::string open(const std::optional<std::filesystem::path>& file);

  // What standard error was before a file took its place; -1: it is that still.
  [[nodiscard]] int first_error_output() const noexcept { return first_.get(); }
  // From the program that ran in this process before.
  void inherit(int first_error_output) noexcept;

  // One line for who started the server, wherever the log goes.
  void complain(const std::string& line) const noexcept;

 private:
  os::FileDescriptor first_;
};

}  // namespace rookery::master
