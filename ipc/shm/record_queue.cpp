#include "ipc/shm/record_queue.h"

#include <algorithm>
#include <cstring>

#include "ipc/os/errors.h"
#include "ipc/shm/checksum.h"
#include "ipc/shm/words.h"

namespace rookery::shm {

RecordQueueProducer::RecordQueueProducer(PositionWord& tail, std::uint64_t* words, std::uint64_t capacity_words,
                                         const PositionWord& taken) noexcept
    : shared_tail_(tail),
      words_(words),
      capacity_words_(capacity_words),
      shared_taken_(taken),
      tail_(tail.load(std::memory_order_acquire)),
      taken_(taken.load(std::memory_order_acquire)) {
  ROOKERY_INVARIANT(is_power_of_two(capacity_words));
}

void RecordQueueProducer::restart_at(Position position) noexcept {
  tail_ = position;
  taken_ = position;
  shared_tail_.store(position, std::memory_order_seq_cst);
}

bool RecordQueueProducer::has_room(std::size_t payload_bytes) noexcept {
  const std::uint64_t needed = 1 + words_for(payload_bytes);
  if (tail_ + needed - taken_ <= capacity_words_) return true;
  taken_ = shared_taken_.load(std::memory_order_acquire);  // taken
  return tail_ + needed - taken_ <= capacity_words_;
}

Position RecordQueueProducer::append(std::span<const std::byte> payload) noexcept {
  ROOKERY_INVARIANT(payload.size() <= max_payload_bytes());
  if (!has_room(payload.size())) return 0;
  const std::uint64_t needed = 1 + words_for(payload.size());

  const std::uint64_t mask = capacity_words_ - 1;
  words_[(tail_ + needed - 1) & mask] = 0;  // the padding, where there is some
  words_[tail_ & mask] = payload.size() | static_cast<std::uint64_t>(checksum32(payload, tail_)) << 32;
  const std::uint64_t begin = (tail_ + 1) & mask;
  const std::size_t until_end = std::min<std::size_t>(payload.size(), (capacity_words_ - begin) * 8);
  if (until_end > 0) std::memcpy(words_ + begin, payload.data(), until_end);
  if (until_end < payload.size()) std::memcpy(words_, payload.data() + until_end, payload.size() - until_end);

  tail_ += needed;
  shared_tail_.store(tail_, std::memory_order_seq_cst);  // append
  return tail_;
}

RecordQueueConsumer::RecordQueueConsumer(const PositionWord& tail, const std::uint64_t* words,
                                         std::uint64_t capacity_words, PositionWord& taken) noexcept
    : shared_tail_(tail),
      words_(words),
      capacity_words_(capacity_words),
      shared_taken_(taken),
      next_(taken.load(std::memory_order_acquire)) {
  ROOKERY_INVARIANT(is_power_of_two(capacity_words));
}

TakeResult RecordQueueConsumer::peek(std::vector<std::byte>& payload) {
  const Position tail = shared_tail_.load(std::memory_order_acquire);  // append
  if (tail == next_) return TakeResult::Empty;
  const std::uint64_t available = tail - next_;  // huge when a wild producer moved its tail back
  if (available > capacity_words_) return TakeResult::Damaged;

  const std::uint64_t mask = capacity_words_ - 1;
  // Loaded exactly once: a wild producer may change it after the check.
  const std::uint64_t head = *static_cast<const volatile std::uint64_t*>(words_ + (next_ & mask));
  const std::uint64_t bytes = head & 0xffffffff;
  if (bytes > capacity_words_ / 4 * 8 || 1 + words_for(bytes) > available) return TakeResult::Damaged;

  payload.resize(bytes);
  const std::uint64_t begin = (next_ + 1) & mask;
  const std::size_t until_end = std::min<std::size_t>(bytes, (capacity_words_ - begin) * 8);
  if (until_end > 0) std::memcpy(payload.data(), words_ + begin, until_end);
  if (until_end < bytes) std::memcpy(payload.data() + until_end, words_, bytes - until_end);
  if (checksum32(payload, next_) != head >> 32) return TakeResult::Damaged;

  next_ += 1 + words_for(bytes);
  return TakeResult::Record;
}

void RecordQueueConsumer::release() noexcept {
  shared_taken_.store(next_, std::memory_order_release);
}  // taken

void RecordQueueConsumer::skip_to(Position position) noexcept {
  next_ = position;
  release();
}

bool RecordQueueConsumer::has_more() const noexcept {
  return shared_tail_.load(std::memory_order_seq_cst) != next_;
}

std::uint64_t RecordQueueConsumer::depth_words() const noexcept {
  const std::uint64_t depth = shared_tail_.load(std::memory_order_relaxed) - next_;
  return std::min(depth, capacity_words_);
}

}  // namespace rookery::shm
