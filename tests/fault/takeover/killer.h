// tests/fault/takeover/killer.h
//
// Kills workers at random instants, by a seed, as fast as it may without any place being parked. Some stand still for a
// while before, so that their clients lack much. Now and then the ledger is killed shortly before a worker, or behind
// it.
//
//   Killer killer(server, 7);
//   while (killer.deaths() < 60) killer.strike();
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <random>

#include "tests/system/harness/server_process.h"

namespace rookery::system_test {

class Killer final {
 public:
  Killer(ServerProcess& server, std::uint64_t seed) : server_(server), random_(seed) {}

  // Waits for a random instant and kills one, now and then two at once or one shortly behind the other.
  void strike();
  // Each worker once more.
  void kill_each();
  [[nodiscard]] std::uint64_t deaths() const noexcept { return deaths_; }  // of workers
  [[nodiscard]] std::uint64_t ledger_deaths() const noexcept { return ledger_deaths_; }

 private:
  [[nodiscard]] bool kill_any();
  void kill_ledger();
  [[nodiscard]] bool has_died_enough(int place);
  void wait_up_to(std::chrono::microseconds time);

  ServerProcess& server_;
  std::mt19937_64 random_;
  std::map<int, std::deque<Clock::time_point>> times_;  // of each worker's place, and the ledger's
  std::uint64_t deaths_ = 0, ledger_deaths_ = 0;
};

}  // namespace rookery::system_test
