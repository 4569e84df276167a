// tests/fault/chaos/troublemaker.h
//
// Does harm to the children of a server, each time another kind to another one, by a seed: the same seed gives the same
// choices as long as the same processes are there. Never to the master: that ends the server, see chaos.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/system/harness/server_process.h"

namespace rookery::system_test {

enum class Harm { Kill, Segv, Abort, Stop, StopAndContinue, KillWorkers, KillAll, MasterKill, MasterTerm };
inline constexpr std::size_t kHarms = 9;
[[nodiscard]] const char* name_of(Harm harm) noexcept;

using HarmCounts = std::array<std::uint64_t, kHarms>;

class Troublemaker final {
 public:
  explicit Troublemaker(std::uint64_t seed) : random_(seed) {}

  [[nodiscard]] Harm choose();
  // REQUIRES: harm is not one of those to the master.
  void harm(ServerProcess& server, Harm harm);
  // Continues who has been stopped long enough; call it now and then.
  void on_time(const ServerProcess& server);
  // Continues everybody; the next harms are to other processes.
  void forgive(const ServerProcess& server);
  [[nodiscard]] std::chrono::milliseconds pause();
  [[nodiscard]] const HarmCounts& counts() const noexcept { return counts_; }
  void count(Harm harm) noexcept { ++counts_[static_cast<std::size_t>(harm)]; }

 private:
  struct Stopped {
    pid_t pid = 0;
    Clock::time_point until;
  };
  [[nodiscard]] int between(int least, int most);
  [[nodiscard]] bool has_died_enough(int process);
  bool strike(ServerProcess& server, const ProcessRow& row, int signal);

  std::mt19937_64 random_;
  HarmCounts counts_{};
  std::vector<Stopped> stopped_;
  std::map<int, std::vector<Clock::time_point>> deaths_;  // by number of a worker, -1: the ledger
};

}  // namespace rookery::system_test
