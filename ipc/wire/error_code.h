// ipc/wire/error_code.h
//
// The codes by which a refused request is told why. Programs read the code, people the words after it.
#pragma once

#include <cstdint>
#include <string_view>

namespace rookery::wire {

enum class ErrorCode : std::uint8_t {
  BadCommand,
  BadArgument,
  BadUtf8,
  LineTooLong,
  NameTaken,
  BadCredentials,
  NotLoggedIn,
  AlreadyLoggedIn,
  NoSuchName,
  NoSuchRoom,
  NotInRoom,
  RateLimited,
  ServerFull,
  TooSlow,
  NotDurable,
  ShuttingDown,
  RegistrationClosed,
  Banned,
};

// "bad-command" and so on, as protocol texts have it.
[[nodiscard]] std::string_view to_string(ErrorCode code) noexcept;

}  // namespace rookery::wire
