// worker/limits/stored_bytes.h
//
// How much each address has had stored lately: for --max-stored-per-address. A bucket for each, in a table of fixed
// size: it is full at first and after an hour's rest, holds an hour's worth, and fills evenly. So within any hour an
// address has twice that at most.
//
// Keys are hashes with a secret seed. Where room is short, the one in a set of four whose bucket is fullest makes way:
// that forgets least.
//
// Who may use it  The thread whose turn it is in the loop that owns it; with a thread for each client, under the turn
//                 lock.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ipc/os/clock.h"

namespace rookery::worker {

class StoredBytes final {
 public:
  using Time = os::Monotonic::time_point;

  // REQUIRES: a power of two.
  explicit StoredBytes(std::size_t sets = 1024) : entries_(sets * kWays), mask_(sets - 1) {}

  // Is anything left? Who takes the rest may take a little more than there is.
  [[nodiscard]] bool may_store(std::uint64_t key, Time now) const noexcept {
    const Entry* set = &entries_[(key & mask_) * kWays];
    for (std::size_t way = 0; way < kWays; ++way)
      if (set[way].key == key) return set[way].paid_until - now < kFull;
    return true;
  }

  // REQUIRES: an_hour > 0. It may change between calls: what was paid is paid.
  void add(std::uint64_t key, std::uint64_t bytes, Time now, std::uint64_t an_hour) noexcept {
    Entry* set = &entries_[(key & mask_) * kWays];
    Entry* entry = std::find_if(set, set + kWays, [key](const Entry& each) { return each.key == key; });
    if (entry == set + kWays) {
      entry = std::min_element(set, set + kWays,
                               [](const Entry& a, const Entry& b) { return a.paid_until < b.paid_until; });
      *entry = {key, now};
    }
    const double price = static_cast<double>(kFull.count()) * static_cast<double>(bytes) / static_cast<double>(an_hour);
    const auto longest = static_cast<double>(kFull.count());  // one message may be all that is allowed
    entry->paid_until = std::max(entry->paid_until, now) +
                        std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(price, longest)));
  }

 private:
  struct Entry {
    std::uint64_t key = 0;
    Time paid_until{};  // now or before: the bucket is full; kFull later: it is empty
  };
  static constexpr std::size_t kWays = 4;
  static constexpr std::chrono::nanoseconds kFull = std::chrono::hours{1};

  std::vector<Entry> entries_;
  std::uint64_t mask_;
};

}  // namespace rookery::worker
