// tests/bench/support/reader_process.h
//
// A crowd of readers in a process of its own, so that reading does not take the time of who sends, and more than one
// core can read.
//
//     ReaderProcess readers(server.port(), 500, ping);   // they have entered
//     const std::uint64_t before = readers.lines();
//     ... somebody sends ...
//     while (readers.lines() - before < expected) ...    // a word of shared memory: looking costs nothing
//
// Fork only from a single-threaded process. It ends with the object, or with its parent.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "ipc/os/process.h"

namespace rookery::bench {

class ReaderProcess final {
 public:
  // Throws std::runtime_error when its clients do not get in.
  ReaderProcess(std::uint16_t port, std::size_t clients, const std::string& ping);
  ~ReaderProcess();
  ReaderProcess(const ReaderProcess&) = delete;
  ReaderProcess& operator=(const ReaderProcess&) = delete;

  // That all its clients together have received.
  [[nodiscard]] std::uint64_t lines() const noexcept { return shared_->lines.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t cpu_ns() const;
  // False: it has ended, and what it said of why is on standard error.
  [[nodiscard]] bool alive() const noexcept;

 private:
  // Written by the child; a count needs no order with anything.
  struct Shared {
    std::atomic<std::uint64_t> lines;
    std::atomic<bool> entered;
  };
  [[nodiscard]] int read_for_ever(std::uint16_t port, std::size_t clients, const std::string& ping) const;

  Shared* shared_;
  os::Process process_;
};

}  // namespace rookery::bench
