// tests/bench/support/room_crowd.h
//
// Clients of one server in rooms of their own, and messages that are due there at a fixed rate.
//
//     RoomCrowd crowd(server, 1000, 10);                         // 1,000 rooms of 10
//     const RoomFigures figures = crowd.run(50'000, 1, 2.0);     // 50,000 deliveries a second, for two seconds
//
// The first member of each room speaks, one room after the other; in a single room the first ten do, in turn. All speak
// the text dialect and stay in the lobby, where nobody says anything meanwhile.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/support/crowd.h"
#include "tests/bench/support/lines.h"
#include "tests/bench/support/server_under_test.h"

namespace rookery::bench {

struct RoomFigures {
  std::uint64_t messages = 0;
  double deliveries_per_second = 0;
  double cpu_us = 0;              // of a delivery, all processes of the server
  double messages_per_write = 0;  // as a member that is silent got them
};

class RoomCrowd final {
 public:
  RoomCrowd(const ServerUnderTest& server, std::size_t rooms, std::size_t members);
  // One room, whose members are those of `clients` that the worker with this number serves.
  [[nodiscard]] static RoomCrowd at_one_worker(const ServerUnderTest& server, std::size_t clients, int worker);

  [[nodiscard]] std::size_t members() const noexcept { return members_; }

  // A speaker sends `burst` messages at once. Throws std::runtime_error when deliveries or answers are missing.
  [[nodiscard]] RoomFigures run(double deliveries_per_second, std::size_t burst, double seconds);

  // Nobody says anything.
  void rest(double seconds);

 private:
  struct Speaker {
    std::size_t client;
    std::string say;
  };
  RoomCrowd(const ServerUnderTest& server, std::size_t clients);
  void join(std::size_t client, const std::string& room);
  // What comes to the client until the answer has come, the answer last.
  std::vector<std::string> ask(std::size_t client, const std::string& line);

  const ServerUnderTest* server_;
  Crowd crowd_;
  std::vector<LineCutter> lines_;  // of each client
  std::vector<Speaker> speakers_;
  std::size_t members_ = 0;  // of a room
  std::size_t silent_ = 0;   // a member
};

}  // namespace rookery::bench
