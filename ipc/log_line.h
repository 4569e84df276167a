// ipc/log_line.h
//
// A line of the log as text or as a JSON object, for ipc/log.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ipc/log.h"

namespace rookery::log {

inline constexpr std::size_t kMaxLogLineBytes = 4096;  // PIPE_BUF, with the line's end

struct Line {
  std::int64_t time_ms = 0;  // since 1970, UTC
  std::string_view process;
  int pid = 0;
  Level level = Level::Info;
  Client client = {};
  std::string_view message;  // any bytes
};

// With its line's end, in one line whatever is in it; whole JSON also where the message had to be cut.
[[nodiscard]] std::string format_line(const Line& line, Format format);

}  // namespace rookery::log
