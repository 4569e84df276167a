// client/load/engine/address.h
//
// Where the server is: the name looked up once, so that ten thousand connections need not.
#pragma once

#include <sys/socket.h>

#include <chrono>

#include "client/terminal/endpoint.h"

namespace rookery::load {

struct Address {
  sockaddr_storage bytes{};
  socklen_t length = 0;
};

// Of several addresses the first at which something listens; with one, nothing is tried. Throws CannotRun.
[[nodiscard]] Address find_server(const client::Endpoint& server, std::chrono::milliseconds patience);

}  // namespace rookery::load
