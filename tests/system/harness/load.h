// tests/system/harness/load.h
//
// People who talk without end while something is killed or stopped, and what they say afterwards about the promises
// they were given: tests/system/harness/oracle.h says which.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/system/harness/poster.h"

namespace rookery::system_test {

class Load final {
 public:
  Load(std::uint16_t port, std::size_t posters, std::string room = "#lobby");
  Load(std::uint16_t port, const LoadSetup& setup);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // Until each poster has had `more` acknowledgements from now on; those whose connection has ended count as well off.
  void wait_for_progress(std::uint64_t more, std::chrono::milliseconds within = kPatience) const;
  // They go on posting; returns when all connections have ended.
  void wait_until_closed();
  // No new posts; returns when all answers are there or the connections have ended.
  void finish();
  // After finish(): they disconnect.
  void leave();
  // Who comes back, comes back to this port; 0: not before there is another.
  void set_port(std::uint16_t port) noexcept { state_.port = port; }
  // Everybody posts as fast as answers come, or keeps to the setup's pace again.
  void hurry(bool on) noexcept { state_.hurry = on; }
  [[nodiscard]] const std::vector<std::unique_ptr<Poster>>& posters() const noexcept { return posters_; }
  [[nodiscard]] std::uint64_t acknowledged_count() const;
  // The longest time in which nobody was acknowledged anything.
  [[nodiscard]] std::chrono::milliseconds longest_pause() const noexcept {
    return std::chrono::milliseconds{state_.longest_pause_ms};
  }

 private:
  LoadState state_;
  std::vector<std::unique_ptr<Poster>> posters_;
  std::vector<std::thread> threads_;
  std::unique_ptr<std::atomic<bool>[]> ended_;
};

}  // namespace rookery::system_test

#include "tests/system/harness/oracle.h"  // a load is of no use without
