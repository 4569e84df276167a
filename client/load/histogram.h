// client/load/histogram.h
//
// A high dynamic range histogram: counts durations from 0 to kHighest with a relative error below 1/128 at every size,
// in some tens of kilobytes that do not grow. Percentiles are those of the recorded values, each rounded up to the
// upper edge of its bucket: never flattering.
//
// How  Gil Tene's HDR scheme: buckets of equal width within each power of two. (hdrhistogram.org; Debian has no C
//      package of it.)
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

namespace rookery::load {

class Histogram final {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  Histogram();

  // Negative counts as 0, more than kHighest as kHighest.
  void record(Nanoseconds value) noexcept { record(value, 1); }
  void record(Nanoseconds value, std::uint64_t times) noexcept;
  void add(const Histogram& other) noexcept;
  void clear() noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept;
  // The smallest recorded value that at least `fraction` of all values do not exceed, from 0 to 1; 0 when empty.
  [[nodiscard]] Nanoseconds at(double fraction) const noexcept;
  [[nodiscard]] Nanoseconds min() const noexcept;   // exact
  [[nodiscard]] Nanoseconds max() const noexcept;   // exact
  [[nodiscard]] Nanoseconds mean() const noexcept;  // exact

  // (upper edge, count) of each bucket that holds something, rising.
  [[nodiscard]] std::vector<std::pair<Nanoseconds, std::uint64_t>> buckets() const;

  static constexpr Nanoseconds kHighest = std::chrono::hours{1};

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  Nanoseconds min_ = Nanoseconds::max();
  Nanoseconds max_{0};
  double sum_ns_ = 0;
};

}  // namespace rookery::load
