// client/terminal/request.h
//
// What the client asks of the server, and the JSON line that says it. docs/wire-protocol.md lists the operations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace rookery::client {

// `op` says which of the other fields are set. The braces let designated initialisers name those alone.
struct Request {
  std::string op;
  std::string name{};                    // register, login
  std::string password{};                // register, login
  std::string to{};                      // msg
  std::string room{};                    // say, join, leave, history
  std::string text{};                    // say, broadcast, msg, echo, count
  std::optional<bool> on{};              // presence
  std::optional<std::uint64_t> limit{};  // history
  std::string epoch{};                   // resume
  std::optional<std::uint64_t> seq{};    // resume
};

// Without its LF. REQUIRES: every string is UTF-8.
[[nodiscard]] std::string encode_request(const Request& request, std::uint64_t id);

}  // namespace rookery::client
