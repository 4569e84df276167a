// ipc/shm/record_queue.h
//
// A single-producer, single-consumer queue of records between two processes: the outbox of an event loop (the loop
// appends, the ledger drains) and its inbox (the other way round). Think of an endless row of 8-byte words that only
// grows; the queue keeps capacity_words of it, from what the consumer has not taken yet to the tail.
//
// Who may write   The words and `tail` lie in the producer's region, the consumer's `taken` in the consumer's. Neither
//                 side can harm the other's state. There is no lock.
// Units           Positions and capacities count words of 8 bytes and never wrap (2^64 words); position p lives in word
//                 p & (capacity_words - 1). A record's number is the position of its end: numbers grow and are unique.
// Bytes           A record is one word (payload bytes in the low half, checksum in the high half), then the payload,
//                 zero-padded to a word; it may continue at the row's start. The checksum is XXH3-64 of the payload,
//                 seeded with the record's position, its low 32 bits.
// Invariant       taken <= tail <= taken + capacity_words.
//
// Memory order
//   append  tail is stored (seq_cst, for the doorbell) after the words of a record; who loads it with acquire sees
//   them. taken   `taken` is released after the consumer has copied the record; the producer acquires it before it
//   overwrites.
//
// When a process dies
//   the producer  in mid-append leaves words beyond tail that nobody ever sees. Its successor goes on at tail.
//   the consumer  loses nothing: `taken` is moved only after the record was dealt with. A record dealt with but not yet
//                 taken comes again; the ledger knows such records by their number.
// A producer that has run wild can write anything into its own region: the consumer checks size, bounds and checksum of
// everything and answers Damaged, after which only skip_to() helps.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace rookery::shm {

using Position = std::uint64_t;
using PositionWord = std::atomic<Position>;
static_assert(PositionWord::is_always_lock_free, "readers may only load");

class RecordQueueProducer final {
 public:
  // Goes on at the tail found in the region. REQUIRES: capacity_words is a power of two and words has that many.
  RecordQueueProducer(PositionWord& tail, std::uint64_t* words, std::uint64_t capacity_words,
                      const PositionWord& taken) noexcept;

  // Makes the queue empty at `position`; for a successor whose predecessor may have damaged it.
  void restart_at(Position position) noexcept;

  // Appends one record and returns its number; 0 when there is no room (nothing was written: try again later).
  // REQUIRES: payload.size() <= max_payload_bytes().
  [[nodiscard]] Position append(std::span<const std::byte> payload) noexcept;

  // Would append() of so many bytes find room now?
  [[nodiscard]] bool has_room(std::size_t payload_bytes) noexcept;

  [[nodiscard]] std::size_t max_payload_bytes() const noexcept { return capacity_words_ / 4 * 8; }
  [[nodiscard]] Position tail() const noexcept { return tail_; }

 private:
  PositionWord& shared_tail_;
  std::uint64_t* words_;
  std::uint64_t capacity_words_;
  const PositionWord& shared_taken_;
  Position tail_;       // our copy of shared_tail_; only we move it
  Position taken_ = 0;  // an older value of shared_taken_: loaded again only when it says "full"
};

enum class TakeResult : unsigned char { Record, Empty, Damaged };

class RecordQueueConsumer final {
 public:
  RecordQueueConsumer(const PositionWord& tail, const std::uint64_t* words, std::uint64_t capacity_words,
                      PositionWord& taken) noexcept;

  // Copies the next record over `payload`; number() is then its number. Does not free its room yet: release() does.
  [[nodiscard]] TakeResult peek(std::vector<std::byte>& payload);
  [[nodiscard]] Position number() const noexcept { return next_; }

  // Frees the room of everything peeked so far. One store for a whole batch.
  void release() noexcept;

  // Goes on at `position`, whatever lies before it.
  void skip_to(Position position) noexcept;

  [[nodiscard]] bool has_more() const noexcept;  // sequentially consistent, for the doorbell
  [[nodiscard]] std::uint64_t depth_words() const noexcept;

 private:
  const PositionWord& shared_tail_;
  const std::uint64_t* words_;
  std::uint64_t capacity_words_;
  PositionWord& shared_taken_;
  Position next_;  // end of the newest record peeked, start of the next
};

}  // namespace rookery::shm
