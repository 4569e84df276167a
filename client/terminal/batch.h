// client/terminal/batch.h
//
// The client in a pipe: each line of the input is asked and its reply awaited before the next, so that the output has
// the order of the input. Replies and events go to standard output, problems to standard error.
#pragma once

#include "client/terminal/connection.h"
#include "client/terminal/server_line.h"

namespace rookery::client {

// Returns the exit code: 0, kExitRefused when a line was refused, kExitUnavailable when the connection was lost.
// REQUIRES: the connection is open.
[[nodiscard]] int run_batch(Connection& connection, const ViewStyle& style);

}  // namespace rookery::client
