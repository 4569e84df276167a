#include "master/supervisor/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "ipc/os/error_output.h"
#include "ipc/os/errors.h"

namespace rookery::master {

std::string LogFile::open(const std::optional<std::filesystem::path>& file) {
  if (!file) {
    if (first_ && !os::replace_error_output(first_.get())) return os::error_text(errno);
    first_.reset();
    return {};
  }
  const auto why_not = [&] {
    return fmt::format("cannot write the log {}: {}", file->string(), os::error_text(errno));
  };
  // Without O_NONBLOCK a pipe that nobody reads would hold us up.
  const os::FileDescriptor opened(::open(
      file->c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, S_IRUSR | S_IWUSR | S_IRGRP));
  if (!opened) return why_not();
  os::FileDescriptor first;
  if (!first_) {
    first.reset(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (!first) return why_not();
  }
  if (!os::replace_error_output(opened.get())) return why_not();
  if (first) first_ = std::move(first);
  return {};
}

void LogFile::inherit(int first_error_output) noexcept {
  if (first_error_output <= STDERR_FILENO || ::fcntl(first_error_output, F_SETFD, FD_CLOEXEC) != 0) return;
  first_.reset(first_error_output);
}

void LogFile::complain(const std::string& line) const noexcept {
  [[maybe_unused]] const auto written = ::write(first_ ? first_.get() : STDERR_FILENO, line.data(), line.size());
}

}  // namespace rookery::master
