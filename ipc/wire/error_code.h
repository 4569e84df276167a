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

// As a record's outcome has it (ipc/chat/record.h), where 0 says that nothing was refused.
[[nodiscard]] constexpr std::uint8_t outcome_of(ErrorCode code) noexcept {
  return static_cast<std::uint8_t>(static_cast<unsigned>(code) + 1);
}

// "bad-command" and so on, as protocol texts have it.
[[nodiscard]] std::string_view to_string(ErrorCode code) noexcept;

}  // namespace rookery::wire
