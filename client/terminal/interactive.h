// client/terminal/interactive.h
//
// The client at a terminal: one poll loop over keyboard, socket and signals, with reconnecting.
#pragma once

#include <optional>
#include <string>

#include "client/terminal/connection.h"
#include "client/terminal/server_line.h"

namespace rookery::client {

struct InteractiveOptions {
  std::optional<std::string> name{};  // log in as this one, asking for the password
  ViewStyle style{};
};

// Returns the exit code. REQUIRES: the connection is open, standard input and output are a terminal, and the locale's
// encoding is UTF-8.
[[nodiscard]] int run_interactive(Connection& connection, const InteractiveOptions& options);

}  // namespace rookery::client
