// tests/fault/takeover/passers.h
//
// People who come, go into rooms and out of them again, and are gone by a reset in the middle of it, before or after
// they were answered: nobody judges what they are told, but whoever is told of the rooms must not find them there.
//
//   Passers passers(server.port(), {"#door-0", "#door-1"}, 7);
//   ...
//   passers.stop();   // none is left
#pragma once

#include <atomic>
#include <cstdint>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/system/harness/patience.h"

namespace rookery::system_test {

class Passers final {
 public:
  Passers(std::uint16_t port, std::vector<std::string> rooms, std::uint64_t seed);
  ~Passers() { stop(); }
  Passers(const Passers&) = delete;
  Passers& operator=(const Passers&) = delete;

  void stop();
  // The server is elsewhere now; 0: nowhere. Nobody comes until it is.
  void set_port(std::uint16_t port) noexcept { port_ = port; }
  [[nodiscard]] std::uint64_t resets() const noexcept { return resets_; }

 private:
  struct Passer {
    int descriptor = -1;
    std::string words;  // not said yet
    Clock::time_point next_deed;
  };

  void run();
  [[nodiscard]] bool come();
  void go_on(Passer& passer);
  void reset(Passer& passer);
  [[nodiscard]] std::string some_words();
  [[nodiscard]] std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  std::atomic<std::uint16_t> port_;
  std::vector<std::string> rooms_;
  std::mt19937_64 random_;
  std::vector<Passer> passers_;
  std::atomic<std::uint64_t> resets_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace rookery::system_test
