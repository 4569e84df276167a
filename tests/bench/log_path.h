// tests/bench/log_path.h
//
// The way of a message from one process's outbox through the ledger to another process's copy of the log, with nothing
// but that: a producer process that writes the outbox of worker 0, the real ledger on a data directory of its own, and
// a reader, this process, that follows the ring as worker 1 would.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ipc/chat/shared_state.h"
#include "ipc/os/process.h"
#include "ipc/shm/log_ring.h"
#include "tests/support/temporary_directory.h"

namespace rookery::bench {

// A message of `text_bytes` as a worker puts it into its outbox.
[[nodiscard]] std::vector<std::byte> encoded_message(std::size_t text_bytes);

class LogPath final {
 public:
  explicit LogPath(std::size_t text_bytes);
  ~LogPath();
  LogPath(const LogPath&) = delete;
  LogPath& operator=(const LogPath&) = delete;

  struct Passage {
    double published_seconds = 0;    // from the first append until the reader has the last message
    double durable_seconds = 0;      // until the last one is on disk
    double ledger_cpu_us = 0;        // of a message, storing included
    std::vector<double> latency_us;  // from append to the reader's copy, of each message
  };
  // `per_second` 0: as fast as the outbox takes them.
  [[nodiscard]] Passage pass(std::uint32_t messages, std::uint32_t per_second);

 private:
  struct Order {
    std::uint32_t messages;
    std::uint32_t per_second;
  };
  [[nodiscard]] int produce(std::size_t text_bytes);
  void wait_for_ledger();
  void sleep_unless(bool work);
  [[nodiscard]] chat::LoopControl& loop() const noexcept;

  test::TemporaryDirectory directory_;
  chat::SharedState shared_;
  shm::Mapping region_;  // worker 1's, ours
  os::DuplexPipe control_;
  os::DuplexPipe orders_;
  os::Process ledger_;
  os::Process producer_;
  shm::Mapping ring_;
};

}  // namespace rookery::bench
