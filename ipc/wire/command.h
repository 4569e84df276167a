// ipc/wire/command.h
//
// What a client asks for, free of the dialect it was asked in. A dialect's parser yields it, a session carries it out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "ipc/wire/error_code.h"
#include "ipc/wire/limits.h"

namespace rookery::wire {

enum class Op : std::uint8_t {
  Echo,
  Register,
  Login,
  Logout,
  Broadcast,
  Say,
  Msg,
  Join,
  Leave,
  Rooms,
  Presence,
  List,
  History,
  Resume,
  Count,
  Ping,
  Help,
  Quit,
};

inline constexpr std::size_t kOpCount = 18;

// "echo", "register" ...: the word JSON lines use; the text dialect puts a slash before it.
[[nodiscard]] std::string_view to_string(Op op) noexcept;

// The way back, exact in case; none for a word that is no op.
[[nodiscard]] std::optional<Op> op_from_word(std::string_view word) noexcept;

// The views point into the line that was parsed or into the parser's CommandStorage: they live until either changes.
// Which fields are set follows from `op`; names, rooms, passwords and texts have passed the checks of limits.h.
struct Command {
  Op op = Op::Echo;
  std::string_view name;                          // register, login; msg: the addressee
  std::string_view password;                      // register, login
  std::string_view room;                          // say, join, leave, history
  std::string_view text;                          // echo, broadcast, say, msg, count
  bool on = false;                                // presence
  std::uint32_t limit = kDefaultHistoryMessages;  // history
  std::optional<std::uint64_t> before;            // history: only messages with a smaller seq
  std::optional<std::uint64_t> after;             // history: only messages with a greater seq
  std::string_view epoch;                         // resume: with seq, the newest message seen
  std::uint64_t seq = 0;                          // resume
  std::string_view id;                            // JSON lines: the request's id as JSON text, empty when there is none
};

// A line that is no command. `op` is the word the client used, as far as it could be read (empty otherwise).
struct Refusal {
  ErrorCode code = ErrorCode::BadCommand;
  std::string message;  // words for people
  std::string_view op;  // lives as the views of Command do
  std::string_view id;
};

using ParseOutcome = std::variant<Command, Refusal>;

// Where a parser keeps what it had to unescape. One is enough for all sessions of a thread.
struct CommandStorage {
  std::string op, name, password, to, room, text, epoch, id;

  // Once the command is done with, or has a copy of its own: a password is not kept in memory for longer than it is
  // needed. Views of it end.
  void wipe_password() noexcept;
};

}  // namespace rookery::wire
