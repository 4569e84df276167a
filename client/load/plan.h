// client/load/plan.h
//
// What one run of the load tool is to do, complete and checked: `rookery-load echo --clients 50` is one, and `compare`
// makes many of them.
//
// A closed loop keeps `window` requests of each client under way: it shows what the server can do. An open loop sends
// at a fixed rate whatever the answers do, and a latency counts from the moment the request was due: it shows what
// people would notice. (Counting from when a delayed request was at last sent would hide exactly the delays:
// "coordinated omission".)
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "client/terminal/endpoint.h"
#include "ipc/wire/dialect.h"

namespace rookery::load {

enum class Mode : std::uint8_t {
  Echo,      // each client sends text and wants exactly that back
  Fanout,    // senders talk in a room, readers listen
  Accounts,  // half of the clients register while the other half log in, converse and log out
  Churn,     // connect, talk, leave, again and again
  Idle,      // connections that do nothing; at the end each must still answer
};
[[nodiscard]] std::string_view to_string(Mode mode) noexcept;  // "echo"

struct LoadPlan {
  Mode mode = Mode::Echo;
  client::Endpoint server = {};
  wire::DialectId dialect = wire::DialectId::Text;
  std::uint32_t clients = 50;              // connections at a time; Fanout: the readers
  std::uint32_t senders = 1;               // Fanout: connections besides the readers, which do not read the room
  std::uint32_t message_bytes = 100;       // of the text in each message
  std::uint32_t window = 1;                // closed loop: requests under way for each client (Fanout: for each sender)
  double rate_per_s = 0;                   // open loop: operations a second, all clients together; 0: closed loop
  std::chrono::milliseconds warm_up{500};  // runs like the rest and is not counted
  std::chrono::milliseconds duration{5000};  // what is counted
  std::uint32_t threads = 1;                 // of the load tool; clients are shared out among them
  std::uint64_t seed = 1;                    // of names and texts
  // With answers under way at the end, and with a start that does not advance.
  std::chrono::milliseconds patience{5000};

  [[nodiscard]] bool open_loop() const noexcept { return rate_per_s > 0; }
};

}  // namespace rookery::load
