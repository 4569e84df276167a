// ipc/log.h
//
// The log that operators read: one line an event on standard error, naming process and client.
//     2026-11-21T10:00:00.123Z worker 1 pid=1240 client=12 127.0.0.1:56552 connected
// Not to be confused with the chat's log ring.
//
// Writing never blocks: a line that standard error would not take at once (a full pipe, a full disk) is dropped and
// counted, and the count is told with the next line that gets through. A line is at most 4,096 bytes (PIPE_BUF): what
// is longer is cut, and control characters become spaces. Usable from any thread.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>

namespace rookery::log {

enum class Level : unsigned char { Trace, Debug, Info, Warning, Error, Critical, Off };

// In each process after its fork. `process` is "master", "ledger" or "worker 1".
void start(const std::string& process, Level level);

[[nodiscard]] bool enabled(Level level) noexcept;
void line(Level level, std::string_view text) noexcept;

template <class... Args>
void write(Level level, fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(level)) line(level, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::Debug, format, std::forward<Args>(args)...);
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::Info, format, std::forward<Args>(args)...);
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::Warning, format, std::forward<Args>(args)...);
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::Error, format, std::forward<Args>(args)...);
}
// Something is wrong that a person must look at: the word ALERT stands in the line.
template <class... Args>
void alert(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::Critical, format, std::forward<Args>(args)...);
}

}  // namespace rookery::log
