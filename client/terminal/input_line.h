// client/terminal/input_line.h
//
// What a line that somebody typed means: something to ask of the server, or something this client does by itself.
// The commands are those of the text dialect, so that telnet and this client feel the same.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "client/terminal/request.h"

namespace rookery::client {

struct NothingTyped {};
struct HelpWanted {};
struct QuitWanted {};
struct RoomSwitch {
  std::string room;
};
struct PasswordNeeded {  // `/login NAME` or `/register NAME`, without the password
  std::string op;
  std::string name;
};
struct InputRefusal {  // what we can tell without asking the server, in its words: ERR code message
  std::string code;
  std::string message;
};

using Input = std::variant<NothingTyped, Request, PasswordNeeded, RoomSwitch, HelpWanted, QuitWanted, InputRefusal>;

// `line` is without its end. A line without a slash is said in `current_room`.
[[nodiscard]] Input parse_input(std::string_view line, std::string_view current_room);

// All commands with their arguments, one a line.
[[nodiscard]] std::string input_help();

// A line with a password is remembered nowhere.
[[nodiscard]] bool holds_password(std::string_view line);

// A mistyped command may be a login, so the history file takes only lines that are understood and hold no password.
[[nodiscard]] bool belongs_in_history_file(std::string_view line);

// The line as it may be shown again in a message about it: a password is replaced by dots.
[[nodiscard]] std::string without_password(std::string_view line);

}  // namespace rookery::client
