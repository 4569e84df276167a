// ipc/chat/counters.h
//
// Counters and histograms in shared memory, for metrics.
//
//     count(counters.bytes_in, got);                 // in the one thread that owns the word
//     counters.hash_us.add(1730);
//     counters.hash_us.load()                        // in any process
//
// Who may write   Each word has one writer, a thread of the process that owns the region.
// Memory order    All relaxed: a counter says nothing about any other. A reader may see the sum of a histogram without
//                 the newest value's bucket, or the other way round.
// When the writer dies  what it had counted stays, and its successor in the region goes on counting from there. What
// was
//                 done in its last instant may not be counted.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace rookery::chat {

using Counter = std::atomic<std::uint64_t>;

// A load and a store, no locked instruction: there is no other writer.
inline void count(Counter& counter, std::uint64_t by = 1) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

// A number that goes up and down.
inline void set(Counter& counter, std::uint64_t value) noexcept {
  counter.store(value, std::memory_order_relaxed);
}

[[nodiscard]] inline std::uint64_t value_of(const Counter& counter) noexcept {
  return counter.load(std::memory_order_relaxed);
}

// How often there was a value not larger than each of `kBounds` (and larger than the one before), and their sum.
template <const auto& kBounds>
struct Histogram {
  static constexpr std::size_t kBuckets = kBounds.size() + 1;

  std::array<Counter, kBuckets> buckets;  // not added up; the last: larger than all bounds
  Counter sum;

  void add(std::uint64_t value) noexcept {
    const auto bucket = std::ranges::lower_bound(kBounds, value) - kBounds.begin();
    count(buckets[static_cast<std::size_t>(bucket)]);
    count(sum, value);
  }
};

inline constexpr std::array<std::uint64_t, 14> kTimeBoundsUs{
    100, 250, 500, 1'000, 2'500, 5'000, 10'000, 25'000, 50'000, 100'000, 250'000, 1'000'000, 5'000'000, 30'000'000};
inline constexpr std::array<std::uint64_t, 7> kBatchBounds{1, 4, 16, 64, 256, 1024, 4096};

using TimeHistogram = Histogram<kTimeBoundsUs>;  // in microseconds
using BatchHistogram = Histogram<kBatchBounds>;
static_assert(sizeof(TimeHistogram) == 128 && sizeof(BatchHistogram) == 72, "drawn in docs/shared-memory.md");

}  // namespace rookery::chat
