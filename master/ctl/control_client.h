// master/ctl/control_client.h
//
// Asks a running server one operator's command over the control socket in its data directory. The server answers with
// any number of lines, the last of which is `OK`, `OK words` or `ERR words`, and closes. Asked with
// `json` before the command it answers with one line, a JSON document that begins with `{"ok":true` or `{"ok":false`.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace rookery::ctl {

inline constexpr std::chrono::seconds kControlTimeout{
    60};  // between two pieces of the answer; `scale` answers after 30 s at the latest

enum class ControlResult : unsigned char {
  Done,        // OK
  Refused,     // ERR
  NoServer,    // nobody answers at that socket
  Incomplete,  // the answer ended without OK or ERR
};

struct ControlAnswer {
  ControlResult result = ControlResult::Incomplete;
  std::string last_line;  // Done, Refused: the server's; otherwise what went wrong, for people
};

// Calls `show` with each line of the answer as it comes, the last one excepted. Lines are safe to print.
// REQUIRES: `command` holds no LF.
[[nodiscard]] ControlAnswer ask_server(const std::filesystem::path& data_directory, std::string_view command,
                                       const std::function<void(const std::string& line)>& show,
                                       std::chrono::milliseconds timeout = kControlTimeout);

// Somebody listens at the control socket, whether they answer or not.
[[nodiscard]] bool server_listens(const std::filesystem::path& data_directory);

}  // namespace rookery::ctl
