// ipc/shm/log_ring.h
//
// The log ring: the ledger appends records, any number of loops read them, each at its own pace. Think of an endless
// row of 8-byte words that only grows; the ring keeps the newest capacity_words of it. The writer never waits here (the
// ledger decides for itself how far it runs ahead of the disk and of the readers). A reader that falls further behind
// than the capacity is told so (Lapped).
//
// To write: append() any number of records, then publish() them at once, then ring the readers' doorbells.
// To read:  while ((result = reader.read(record)) == ReadResult::Record) ...; see ipc/shm/doorbell.h for how to sleep.
//
// Who may write   Only the ledger: `reserved_end`, `committed_end` and the words from its sequencing thread,
//                 `durable_end` from its storing thread. Everybody else maps the ring read-only.
// Units           Positions and capacity count words of 8 bytes; payloads count bytes. A position never wraps (2^64
//                 words); it lives in word position & (capacity_words - 1).
// Bytes           A record is one word holding its payload's size, then the payload, zero-padded to a word. Records may
//                 continue at the ring's start. Drawn in docs/shared-memory.md.
// Invariant       durable_end <= committed_end <= reserved_end.
// Landmarks       Where a record begins in each 1/256 of the ring: how a reader comes into the middle of it.
//
// Memory order    No fences, so ThreadSanitizer can follow every pair.
//   open      magic is released last; who acquires kMagic sees a finished header.
//   publish   committed_end is stored (seq_cst, for the doorbell) after the words of a record; who acquires it sees
//   that
//             record whole.
//   overrun   reserved_end is stored (relaxed) before the words it covers, and each word is itself a release store; who
//             acquires a word of a newer lap therefore also sees the reserved_end that announced it, and drops its copy
//             as Lapped.
//   durable   durable_end is stored (seq_cst, for the doorbell) after the store has committed.
//   landmark  a landmark is stored (relaxed) before the publish that makes its record visible. A reader acquires
//             committed_end first and believes only landmarks below it: so it sees all of them that were stored before
//             that publish, also that a successor has erased what its predecessor had not published.
//
// When a process dies
//   a reader    leaves no trace in the ring.
//   the ledger  between reserved_end and committed_end leaves half a record, invisible for ever. Its successor goes on
//               at committed_end and overwrites it; reserved_end never moves back, so no reader takes torn words.
//               Landmarks of such records are erased by the successor before it publishes anything.
//   the machine takes the ring with it: nothing here is durable (docs/storage.md).
//
// Tests: tests/ipc/shm/log_ring_test.cpp
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ipc/shm/record_queue.h"

namespace rookery::shm {

// 8,192 words each in the server's ring: some 300 messages to look through from a landmark on.
inline constexpr std::size_t kLandmarks = 256;

// The start of the segment; the ring of words follows it directly.
struct LogRingHeader {
  static constexpr std::uint64_t kMagic = 0x32474f4c4b4f4f52;  // "ROOKLOG2", little-endian

  std::atomic<std::uint64_t> magic;        // open: stored last
  std::uint64_t capacity_words;            // a power of two; never changes
  alignas(64) PositionWord reserved_end;   // overrun: stored before the words
  alignas(64) PositionWord committed_end;  // publish: stored after the words
  alignas(64) PositionWord durable_end;    // durable: everything before it is on disk
  // Of section n of the endless row, at n % kLandmarks: the first record that begins in it. An older value, or 0, where
  // none does. A value that lies in another section, is not published or is overwritten means nothing.
  alignas(64) std::array<PositionWord, kLandmarks> landmarks;
};
static_assert(sizeof(LogRingHeader) == 4 * 64 + kLandmarks * 8, "drawn in docs/shared-memory.md");

// A section has 2^this words.
[[nodiscard]] constexpr int landmark_shift(std::uint64_t capacity_words) noexcept {
  return capacity_words > kLandmarks ? std::countr_zero(capacity_words / kLandmarks) : 0;
}

using RingWord = std::atomic<std::uint64_t>;

[[nodiscard]] constexpr std::uint64_t log_ring_bytes(std::uint64_t capacity_words) noexcept {
  return sizeof(LogRingHeader) + capacity_words * sizeof(RingWord);
}

class LogRingWriter final {
 public:
  // Makes a fresh ring in zeroed memory of log_ring_bytes(capacity_words) bytes, or, where the memory holds a ring of
  // that capacity already, goes on at its committed end. REQUIRES: capacity_words is a power of two, at least 64.
  LogRingWriter(std::byte* memory, std::uint64_t capacity_words);

  // Appends one record, not visible yet, and returns the position of its end.
  // REQUIRES: payload.size() <= max_payload_bytes().
  Position append(std::span<const std::byte> payload) noexcept;

  // Makes everything appended visible.
  void publish() noexcept;

  [[nodiscard]] Position end() const noexcept { return end_; }
  [[nodiscard]] std::uint64_t capacity_words() const noexcept { return capacity_words_; }
  [[nodiscard]] std::size_t max_payload_bytes() const noexcept { return capacity_words_ / 8 * 8; }  // 1/8 of the ring
  [[nodiscard]] static std::uint64_t words_of(std::size_t payload_bytes) noexcept {
    return 1 + (payload_bytes + 7) / 8;
  }

 private:
  LogRingHeader& header_;
  RingWord* words_;
  std::uint64_t capacity_words_;
  Position end_;       // end of what was appended
  Position reserved_;  // our copy of reserved_end; never moves back
  int landmark_shift_;
  std::uint64_t next_section_;  // of the endless row: sections before it have their landmark, if any
};

enum class ReadResult : unsigned char { Record, Empty, Lapped };

class LogRingReader final {
 public:
  // Starts at the committed end: sees what is published from now on. Throws std::runtime_error where the memory holds
  // no ring of this layout.
  LogRingReader(const std::byte* memory, std::uint64_t size_bytes);

  // Copies the next record over `payload`. On Empty and Lapped `payload` is unspecified and the position unchanged.
  [[nodiscard]] ReadResult read(std::vector<std::byte>& payload);

  // The position of the next record.
  [[nodiscard]] Position position() const noexcept { return next_; }
  // REQUIRES: `position` is the start of a record, or the committed end.
  void seek(Position position) noexcept { next_ = position; }

  // Starts of records that can still be read, oldest first, one for each section that has any. Replaces `positions`.
  void landmarks(std::vector<Position>& positions) const;

  [[nodiscard]] Position committed_end() const noexcept;  // sequentially consistent, for doorbell and barrier
  [[nodiscard]] Position durable_end() const noexcept;    // likewise
  [[nodiscard]] std::uint64_t capacity_words() const noexcept { return capacity_words_; }

 private:
  [[nodiscard]] bool overrun() const noexcept;  // may any word from next_ on belong to a newer lap?

  const LogRingHeader& header_;
  const RingWord* words_;
  std::uint64_t capacity_words_;
  Position next_;
};

}  // namespace rookery::shm
