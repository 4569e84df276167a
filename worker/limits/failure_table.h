// worker/limits/failure_table.h
//
// How often passwords were wrong lately, for each source and each name: a table of fixed size that forgets. A count is
// halved every minute; where room is short the oldest in a set of four makes way. Keys are hashes with a secret seed,
// so nobody can choose whom to push out.
//
// Who may use it  The thread of the loop that owns it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ipc/os/clock.h"

namespace rookery::worker {

class FailureTable final {
 public:
  using Time = os::Monotonic::time_point;
  static constexpr std::chrono::seconds kHalvedAfter{60};

  // REQUIRES: a power of two.
  explicit FailureTable(std::size_t sets) : entries_(sets * kWays), mask_(sets - 1) {}

  [[nodiscard]] std::uint32_t count(std::uint64_t key, Time now) const noexcept {
    const Entry* entry = find(key);
    return entry == nullptr ? 0 : faded(*entry, now);
  }
  // When the newest was; the clock's zero if it is forgotten.
  [[nodiscard]] Time newest(std::uint64_t key) const noexcept {
    const Entry* entry = find(key);
    return entry == nullptr ? Time{} : entry->newest;
  }

  void add(std::uint64_t key, Time now) noexcept {
    Entry* entry = const_cast<Entry*>(find(key));
    if (entry == nullptr) {
      Entry* set = &entries_[(key & mask_) * kWays];
      entry = std::min_element(set, set + kWays, [](const Entry& a, const Entry& b) { return a.newest < b.newest; });
      *entry = {key, 0, now};
    }
    entry->count = std::min(faded(*entry, now) + 1, kMostCounted);
    entry->newest = now;
  }

 private:
  struct Entry {
    std::uint64_t key = 0;
    std::uint32_t count = 0;  // 0: free
    Time newest{};
  };
  static constexpr std::size_t kWays = 4;
  static constexpr std::uint32_t kMostCounted = 16;  // forgotten within four minutes

  [[nodiscard]] const Entry* find(std::uint64_t key) const noexcept {
    const Entry* set = &entries_[(key & mask_) * kWays];
    for (std::size_t way = 0; way < kWays; ++way)
      if (set[way].count > 0 && set[way].key == key) return set + way;
    return nullptr;
  }
  [[nodiscard]] static std::uint32_t faded(const Entry& entry, Time now) noexcept {
    const auto halvings = std::max<std::int64_t>((now - entry.newest) / kHalvedAfter, 0);
    return halvings >= 32 ? 0 : entry.count >> halvings;
  }

  std::vector<Entry> entries_;
  std::uint64_t mask_;
};

}  // namespace rookery::worker
