// client/load/engine/schedule.h
//
// When the requests of an open loop are due. All initiators together have one request each 1/rate seconds, in turns:
// client i has its first one at i/rate, so each has a phase of its own, and the moment of any request can be worked out
// from its number. Nothing is kept but a counter.
#pragma once

#include <cstdint>

#include "client/load/engine/stage.h"

namespace rookery::load {

class Schedule final {
 public:
  // The share of thread `thread`: initiators thread, thread + threads, ... below `initiators`. Without a rate nothing
  // is ever due.
  Schedule(double rate_per_s, std::uint32_t initiators, std::uint32_t thread, std::uint32_t threads) noexcept
      : ns_per_request_(rate_per_s > 0 ? 1e9 / rate_per_s : 0),
        initiators_(initiators),
        thread_(thread),
        threads_(threads),
        mine_(rate_per_s > 0 && thread < initiators ? (initiators - thread - 1) / threads + 1 : 0) {}

  // The next request: when, and whose, as an index into the thread's clients.
  [[nodiscard]] Nanoseconds next_due() const noexcept {
    return mine_ == 0 ? Nanoseconds::max() : due_of(thread_ + place_ * threads_, round_);
  }
  [[nodiscard]] std::size_t next_place() const noexcept { return place_; }
  void advance() noexcept {
    if (++place_ < mine_) return;
    place_ = 0;
    ++round_;
  }

  // Request `number` (from 0) of client `client`.
  [[nodiscard]] Nanoseconds due_of(std::uint64_t client, std::uint64_t number) const noexcept {
    return Nanoseconds{static_cast<std::int64_t>(static_cast<double>(number * initiators_ + client) * ns_per_request_)};
  }

 private:
  double ns_per_request_;
  std::uint64_t initiators_;
  std::uint64_t thread_;
  std::uint64_t threads_;
  std::uint64_t mine_;  // initiators of this thread
  std::uint64_t place_ = 0;
  std::uint64_t round_ = 0;
};

}  // namespace rookery::load
