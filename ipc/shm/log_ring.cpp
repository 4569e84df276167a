#include "ipc/shm/log_ring.h"

#include <cstring>
#include <stdexcept>

#include "ipc/os/errors.h"
#include "ipc/shm/words.h"

namespace rookery::shm {

namespace {

constexpr const char* kOtherLayout = "the shared log ring has another layout than this program";

std::uint64_t pack(std::span<const std::byte> payload, std::uint64_t index) noexcept {
  std::uint64_t word = 0;
  const std::size_t left = payload.size() - index * 8;
  std::memcpy(&word, payload.data() + index * 8, left < 8 ? left : 8);
  return word;
}

}  // namespace

LogRingWriter::LogRingWriter(std::byte* memory, std::uint64_t capacity_words)
    : header_(*reinterpret_cast<LogRingHeader*>(memory)),
      words_(reinterpret_cast<RingWord*>(memory + sizeof(LogRingHeader))),
      capacity_words_(capacity_words),
      landmark_shift_(landmark_shift(capacity_words)) {
  ROOKERY_INVARIANT(capacity_words >= 64 && is_power_of_two(capacity_words));
  const bool resumed = header_.magic.load(std::memory_order_acquire) == LogRingHeader::kMagic;  // open
  if (resumed) {
    ROOKERY_INVARIANT(header_.capacity_words == capacity_words);
  } else {
    header_.capacity_words = capacity_words;
    header_.magic.store(LogRingHeader::kMagic, std::memory_order_release);  // open
  }
  end_ = header_.committed_end.load(std::memory_order_relaxed);
  reserved_ = header_.reserved_end.load(std::memory_order_relaxed);
  // What a predecessor appended and did not publish is overwritten: no record begins where its landmarks say.
  for (PositionWord& landmark : header_.landmarks)
    if (landmark.load(std::memory_order_relaxed) >= end_) landmark.store(0, std::memory_order_relaxed);  // landmark
  const std::uint64_t section = end_ >> landmark_shift_;
  const Position landmark = header_.landmarks[section % kLandmarks].load(std::memory_order_relaxed);
  const bool marked = end_ > 0 && landmark < end_ && landmark >> landmark_shift_ == section;
  next_section_ = marked ? section + 1 : section;
}

Position LogRingWriter::append(std::span<const std::byte> payload) noexcept {
  ROOKERY_INVARIANT(payload.size() <= max_payload_bytes());
  const std::uint64_t mask = capacity_words_ - 1;
  const std::uint64_t payload_words = words_for(payload.size());
  const Position begin = end_;
  end_ += 1 + payload_words;

  if (end_ > reserved_) {  // else a predecessor has announced these words already
    reserved_ = end_;
    header_.reserved_end.store(end_, std::memory_order_relaxed);  // overrun: before the words
  }
  if (const std::uint64_t section = begin >> landmark_shift_; section >= next_section_) {
    header_.landmarks[section % kLandmarks].store(begin, std::memory_order_relaxed);  // landmark
    next_section_ = section + 1;
  }
  words_[begin & mask].store(payload.size(), std::memory_order_release);  // overrun
  for (std::uint64_t i = 0; i < payload_words; ++i)
    words_[(begin + 1 + i) & mask].store(pack(payload, i), std::memory_order_release);  // overrun
  return end_;
}

void LogRingWriter::publish() noexcept {
  header_.committed_end.store(end_, std::memory_order_seq_cst);
}  // publish

LogRingReader::LogRingReader(const std::byte* memory, std::uint64_t size_bytes)
    : header_(*reinterpret_cast<const LogRingHeader*>(memory)),
      words_(reinterpret_cast<const RingWord*>(memory + sizeof(LogRingHeader))) {
  if (size_bytes < sizeof(LogRingHeader) ||
      header_.magic.load(std::memory_order_acquire) != LogRingHeader::kMagic)  // open
    throw std::runtime_error(kOtherLayout);
  capacity_words_ = header_.capacity_words;
  // Not log_ring_bytes(): the product of a wild number may be small.
  if (!is_power_of_two(capacity_words_) || capacity_words_ > (size_bytes - sizeof(LogRingHeader)) / sizeof(RingWord))
    throw std::runtime_error(kOtherLayout);
  next_ = committed_end();
}

ReadResult LogRingReader::read(std::vector<std::byte>& payload) {
  const Position end = header_.committed_end.load(std::memory_order_acquire);  // publish
  if (next_ == end) return ReadResult::Empty;

  const std::uint64_t mask = capacity_words_ - 1;
  const std::uint64_t payload_bytes = words_[next_ & mask].load(std::memory_order_acquire);  // overrun
  if (overrun()) return ReadResult::Lapped;  // asked before payload_bytes is believed
  // What no record can be: someone sought a position that is not a record's start.
  if (next_ > end || payload_bytes > capacity_words_ / 8 * 8 || words_for(payload_bytes) >= end - next_)
    return ReadResult::Lapped;

  payload.resize(words_for(payload_bytes) * 8);
  for (std::uint64_t i = 0; i < words_for(payload_bytes); ++i) {
    const std::uint64_t word = words_[(next_ + 1 + i) & mask].load(std::memory_order_acquire);  // overrun
    std::memcpy(payload.data() + i * 8, &word, 8);
  }
  payload.resize(payload_bytes);
  if (overrun()) return ReadResult::Lapped;  // asked again: the copy may be torn

  next_ += 1 + words_for(payload_bytes);
  return ReadResult::Record;
}

void LogRingReader::landmarks(std::vector<Position>& positions) const {
  positions.clear();
  const int shift = landmark_shift(capacity_words_);
  const Position end = header_.committed_end.load(std::memory_order_acquire);  // landmark: before them
  const std::uint64_t newest = end >> shift;
  for (std::uint64_t section = newest < kLandmarks ? 0 : newest - kLandmarks + 1; section <= newest; ++section) {
    const Position landmark = header_.landmarks[section % kLandmarks].load(std::memory_order_relaxed);  // landmark
    const bool readable =
        landmark < end && header_.reserved_end.load(std::memory_order_relaxed) - landmark <= capacity_words_;
    if (readable && landmark >> shift == section) positions.push_back(landmark);
  }
}

Position LogRingReader::committed_end() const noexcept {
  return header_.committed_end.load(std::memory_order_seq_cst);
}

Position LogRingReader::durable_end() const noexcept {
  return header_.durable_end.load(std::memory_order_seq_cst);
}

bool LogRingReader::overrun() const noexcept {
  return header_.reserved_end.load(std::memory_order_relaxed) - next_ > capacity_words_;
}

}  // namespace rookery::shm
