// client/terminal/exit_code.h
//
// How the client's programs end; the numbers above 1 are those of sysexits.h.
#pragma once

namespace rookery::client {

inline constexpr int kExitOk = 0;
inline constexpr int kExitRefused = 1;       // the server refused a command
inline constexpr int kExitUsage = 64;        // EX_USAGE
inline constexpr int kExitUnavailable = 69;  // EX_UNAVAILABLE: no server
inline constexpr int kExitInternal = 70;     // EX_SOFTWARE

}  // namespace rookery::client
