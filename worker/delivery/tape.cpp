#include "worker/delivery/tape.h"

#include <algorithm>
#include <utility>

namespace rookery::worker {

namespace {
// An emptied tape that once grew beyond this gives its memory back.
constexpr std::size_t kKeepBytes = 64 * 1024;
// Where memory is short, a tape of this size or more grows by an eighth or by this, whichever is more.
constexpr std::size_t kGrowBytes = 4096;
constexpr std::size_t kGrowEntries = 128;
// A larger message that comes when a little more than this is free makes the buffer double all the same.
constexpr std::size_t kHeadroomBytes = 2048;

template <class Buffer>
bool has_much_unused(const Buffer& buffer) noexcept {
  return buffer.capacity() > buffer.size() + buffer.size() / 4;
}
}  // namespace

std::string& Tape::open(std::uint64_t position) {
  opened_ = position;
  if (memory_ != nullptr && !memory_->is_plenty()) grow_a_little();
  return bytes_;
}

void Tape::grow_a_little() {
  if (bytes_.size() >= kGrowBytes && bytes_.capacity() - bytes_.size() < kHeadroomBytes) {
    std::string larger;  // reserve() of one that has a buffer would double it
    larger.reserve(bytes_.size() + std::max(kGrowBytes, bytes_.size() / 8));
    larger += bytes_;
    bytes_ = std::move(larger);
  }
  if (entries_.size() >= kGrowEntries && entries_.size() == entries_.capacity())
    entries_.reserve(entries_.size() + std::max(kGrowEntries, entries_.size() / 8));
}

void Tape::seal() {
  entries_.push_back({opened_, bytes_.size()});
  recount();
}

void Tape::count(std::size_t bytes) noexcept {
  if (memory_ == nullptr || bytes == counted_) return;
  memory_->bytes = memory_->bytes - counted_ + bytes;
  counted_ = bytes;
}

std::size_t Tape::first_from(std::uint64_t position) const noexcept {
  const auto at = std::partition_point(entries_.begin(), entries_.end(),
                                       [position](const Entry& entry) { return entry.position < position; });
  return static_cast<std::size_t>(at - entries_.begin());
}

std::size_t Tape::entry_at(std::size_t byte, std::size_t first) const noexcept {
  const auto at = std::partition_point(entries_.begin() + static_cast<std::ptrdiff_t>(first), entries_.end(),
                                       [byte](const Entry& entry) { return entry.end_byte <= byte; });
  return static_cast<std::size_t>(at - entries_.begin());
}

void Tape::clear() noexcept {
  const bool gives_back = bytes_.capacity() > kKeepBytes || (memory_ != nullptr && !memory_->is_plenty());
  bytes_.clear();
  entries_.clear();
  flushed_ = 0;
  if (gives_back) shrink();
}

void Tape::shrink() {
  if (has_much_unused(bytes_)) bytes_.shrink_to_fit();
  if (has_much_unused(entries_)) entries_.shrink_to_fit();
  recount();
}

std::size_t Tape::excess(std::size_t bytes) const noexcept {
  return bytes_.size() <= bytes ? 0 : entry_at(bytes_.size() - bytes - 1, 0) + 1;
}

void Tape::drop(std::size_t count) {
  const std::size_t dropped_bytes = begin_byte(count);
  bytes_.erase(0, dropped_bytes);
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(count));
  for (Entry& entry : entries_) entry.end_byte -= dropped_bytes;
  flushed_ -= std::min(flushed_, count);
}

}  // namespace rookery::worker
