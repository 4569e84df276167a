// ipc/os/poller.h
//
// epoll, level-triggered. Every descriptor is registered with a 64-bit token of the caller's choice.
#pragma once

#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "ipc/os/file_descriptor.h"

namespace rookery::os {

class Poller final {
 public:
  Poller();  // throws std::system_error

  // `events` are EPOLLIN, EPOLLOUT, EPOLLEXCLUSIVE ... False with errno where the kernel refuses.
  [[nodiscard]] bool add(int descriptor, std::uint32_t events, std::uint64_t token) noexcept;
  [[nodiscard]] bool modify(int descriptor, std::uint32_t events, std::uint64_t token) noexcept;
  // Must come before the descriptor is closed if a duplicate of it lives on elsewhere.
  void remove(int descriptor) noexcept;

  // Waits at most `timeout` (negative waits for ever). An interrupted wait returns nothing.
  // The result lives until the next call.
  [[nodiscard]] std::span<const epoll_event> wait(std::chrono::milliseconds timeout) noexcept;
  // The same for who must be on time: epoll_pwait2. How late the kernel wakes is the thread's PR_SET_TIMERSLACK.
  [[nodiscard]] std::span<const epoll_event> wait_precisely(std::chrono::nanoseconds timeout) noexcept;

 private:
  FileDescriptor epoll_;
  std::vector<epoll_event> ready_;
};

}  // namespace rookery::os
