#include "client/load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace rookery::load {
namespace {

// Each power of two has so many buckets, so the width of one is at most 1/128 of the values in it. What is smaller than
// twice as many nanoseconds has a bucket of its own for each value.
constexpr unsigned kBits = 7;
constexpr std::uint64_t kBuckets = std::uint64_t{1} << kBits;

constexpr unsigned shift_of(std::uint64_t value) noexcept {
  const auto width = static_cast<unsigned>(std::bit_width(value));
  return width > kBits + 1 ? width - kBits - 1 : 0;
}
constexpr std::size_t index_of(std::uint64_t value) noexcept {
  const unsigned shift = shift_of(value);
  return shift * kBuckets + (value >> shift);
}
constexpr std::uint64_t upper_edge(std::size_t index) noexcept {
  if (index < 2 * kBuckets) return index;
  const std::uint64_t shift = index / kBuckets - 1;
  return ((index - shift * kBuckets + 1) << shift) - 1;
}
constexpr auto kHighestNs = static_cast<std::uint64_t>(Histogram::kHighest.count());

}  // namespace

Histogram::Histogram() : counts_(index_of(kHighestNs) + 1) {}

void Histogram::record(Nanoseconds value, std::uint64_t times) noexcept {
  if (times == 0) return;
  const Nanoseconds within = std::clamp(value, Nanoseconds{0}, kHighest);
  counts_[index_of(static_cast<std::uint64_t>(within.count()))] += times;
  count_ += times;
  min_ = std::min(min_, within);
  max_ = std::max(max_, within);
  sum_ns_ += static_cast<double>(within.count()) * static_cast<double>(times);
}

void Histogram::add(const Histogram& other) noexcept {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ns_ += other.sum_ns_;
}

void Histogram::clear() noexcept {
  std::fill(counts_.begin(), counts_.end(), 0);
  count_ = 0;
  min_ = Nanoseconds::max();
  max_ = Nanoseconds{0};
  sum_ns_ = 0;
}

std::uint64_t Histogram::count() const noexcept {
  return count_;
}

Histogram::Nanoseconds Histogram::at(double fraction) const noexcept {
  if (count_ == 0) return Nanoseconds{0};
  const double rank = std::ceil(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(count_));
  const std::uint64_t wanted = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(rank), 1, count_);
  std::uint64_t passed = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    passed += counts_[i];
    if (passed >= wanted) return std::min(Nanoseconds{static_cast<std::int64_t>(upper_edge(i))}, max_);
  }
  return max_;
}

Histogram::Nanoseconds Histogram::min() const noexcept {
  return count_ == 0 ? Nanoseconds{0} : min_;
}

Histogram::Nanoseconds Histogram::max() const noexcept {
  return max_;
}

Histogram::Nanoseconds Histogram::mean() const noexcept {
  if (count_ == 0) return Nanoseconds{0};
  return Nanoseconds{std::llround(sum_ns_ / static_cast<double>(count_))};
}

std::vector<std::pair<Histogram::Nanoseconds, std::uint64_t>> Histogram::buckets() const {
  std::vector<std::pair<Nanoseconds, std::uint64_t>> filled;
  for (std::size_t i = 0; i < counts_.size(); ++i)
    if (counts_[i] != 0) filled.emplace_back(static_cast<std::int64_t>(upper_edge(i)), counts_[i]);
  return filled;
}

}  // namespace rookery::load
