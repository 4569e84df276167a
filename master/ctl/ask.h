// master/ctl/ask.h
//
// One command of the operator's, given to the server and its answer printed: as text, or as one JSON document.
//
//     return ask({.data = directory, .json = true}, "list");     // the exit code
//
// Text: the answer goes to standard output, `ERR code words` and what went wrong on the way to standard error.
// JSON: one line on standard output whatever happens, {"ok":true,...} or {"ok":false,"error":CODE,"message":...}; where
// no server says so, CODE is no-server or broken-off.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "master/ctl/control_client.h"

namespace rookery::ctl {

// The others are EX_USAGE, EX_UNAVAILABLE and EX_SOFTWARE of sysexits.h.
inline constexpr int kExitRefused = 1;

struct Server {
  std::filesystem::path data;
  bool json = false;
};

// REQUIRES: `command` holds no LF.
[[nodiscard]] int ask(const Server& server, const std::string& command,
                      std::chrono::milliseconds timeout = kControlTimeout);

// The same for what this program does itself: as if a server had answered `lines` and last `verdict`, which begins with
// OK or ERR.
[[nodiscard]] int answer(const Server& server, const std::vector<std::string>& lines, const std::string& verdict);
[[nodiscard]] int refuse(const Server& server, int exit_code, std::string_view code, std::string_view message);

[[nodiscard]] int exit_code_of(ControlResult result) noexcept;

}  // namespace rookery::ctl
