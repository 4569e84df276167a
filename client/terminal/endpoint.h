// client/terminal/endpoint.h
//
// Where the server is, as people write it: HOST, HOST:PORT, [::1]:5000 or ::1.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rookery::client {

struct Endpoint {
  std::string host = "127.0.0.1";
  std::string port = "5000";  // a number; text because that is what name resolution takes
};

// A part that `text` does not name is taken from `defaults`. Nothing when the port is no number from 1 to 65535 or a
// bracket is missing.
[[nodiscard]] std::optional<Endpoint> parse_endpoint(std::string_view text, const Endpoint& defaults);

// "127.0.0.1:5000", "[::1]:5000"
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

}  // namespace rookery::client
