// ipc/wire/error_code.cpp: the words of the error codes.
#include "ipc/wire/error_code.h"

namespace rookery::wire {

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::BadCommand:
      return "bad-command";
    case ErrorCode::BadArgument:
      return "bad-argument";
    case ErrorCode::BadUtf8:
      return "bad-utf8";
    case ErrorCode::LineTooLong:
      return "line-too-long";
    case ErrorCode::NameTaken:
      return "name-taken";
    case ErrorCode::BadCredentials:
      return "bad-credentials";
    case ErrorCode::NotLoggedIn:
      return "not-logged-in";
    case ErrorCode::AlreadyLoggedIn:
      return "already-logged-in";
    case ErrorCode::NoSuchName:
      return "no-such-name";
    case ErrorCode::NoSuchRoom:
      return "no-such-room";
    case ErrorCode::NotInRoom:
      return "not-in-room";
    case ErrorCode::RateLimited:
      return "rate-limited";
    case ErrorCode::ServerFull:
      return "server-full";
    case ErrorCode::TooSlow:
      return "too-slow";
    case ErrorCode::NotDurable:
      return "not-durable";
    case ErrorCode::ShuttingDown:
      return "shutting-down";
    case ErrorCode::RegistrationClosed:
      return "registration-closed";
    case ErrorCode::Banned:
      return "banned";
  }
  return "bad-command";  // a number from outside the enumeration
}

}  // namespace rookery::wire
