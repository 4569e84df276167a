#include "worker/delivery/tape.h"

#include <algorithm>

namespace rookery::worker {

namespace {
// An emptied tape that once grew beyond this gives its memory back.
constexpr std::size_t kKeepBytes = 64 * 1024;
}  // namespace

std::string& Tape::open(std::uint64_t position) {
  opened_ = position;
  return bytes_;
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
  bytes_.shrink_to_fit();
  entries_.shrink_to_fit();
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
