// docs/labs/echo_load.h
//
// Clients as people are: one connects, says something, reads the answer, thinks, says more, and leaves; then comes
// another. For servers that serve only some clients at a time, and let the others wait.
//
//     for (const Conversation& one : hold_conversations(port, load)) waits.push_back(one.served - one.came);
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "ipc/os/clock.h"

namespace rookery::labs {

struct EchoLoad {
  unsigned clients;                 // at the same time
  unsigned rounds;                  // conversations of each client, one after the other
  unsigned requests;                // in each conversation
  std::chrono::milliseconds think;  // after each answer
};

struct Conversation {
  os::Monotonic::time_point came;    // began to connect
  os::Monotonic::time_point served;  // had its first answer
  os::Monotonic::time_point left;    // was about to close
  bool good = false;                 // every answer came, and was right
};

// Blocks until the last has left; its threads have ended then. Throws std::system_error if nobody listens there.
[[nodiscard]] std::vector<Conversation> hold_conversations(std::uint16_t port, const EchoLoad& load);

// How many clients were being served at a time, at most: had their first answer and had not left.
[[nodiscard]] int most_at_once(const std::vector<Conversation>& all);

}  // namespace rookery::labs
