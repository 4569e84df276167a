// ipc/shm/count_table.h
//
// How often each of many keys is there: exact counts in an open-addressed table of words, each of which is a whole
// entry, so that nothing in it can be torn. For the connections of each address.
//
//     table.add(key);  ...  table.count(key);  ...  table.remove(key);
//
// Keys            64-bit hashes with a secret seed. A word has 48 bits of the key and a count of 16 bits; two of 10,000
//                 keys are taken for each other once in some five million tables.
// Who may write   One thread, with add, remove and clear. Any process may call count at the same time; while an entry
//                 is moved by remove it may see a count as 0 or out of date, so what is decided by it is not exact to
//                 the last one in a race.
// Memory order    Relaxed: a word says nothing about anything else.
// Errors          None: add drops what does not fit (see its comment); a table of a process that has run wild costs a
//                 reader one look at each entry and a wrong number.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>

namespace rookery::shm {

class CountTable final {
 public:
  using Word = std::atomic<std::uint64_t>;

  // A quarter is always free for as many keys.
  [[nodiscard]] static constexpr std::uint64_t entries_for(std::uint64_t keys) noexcept {
    return std::bit_ceil(keys + keys / 3 + 2);
  }

  // `entries` words at `words`, all zero at first; a power of two.
  CountTable(Word* words, std::uint64_t entries) noexcept : words_(words), mask_(entries - 1) {}

  [[nodiscard]] std::uint32_t count(std::uint64_t key) const noexcept {
    const std::uint64_t tag = tag_of(key);
    for (std::uint64_t i = tag & mask_, looked = 0; looked <= mask_; i = (i + 1) & mask_, ++looked) {
      const std::uint64_t word = words_[i].load(std::memory_order_relaxed);
      if (word == 0) return 0;
      if (word >> kCountBits == tag) return static_cast<std::uint32_t>(word & kMostCounted);
    }
    return 0;
  }

  // REQUIRES: fewer than 65,535 of this key, fewer keys than entries: beyond, nothing is added.
  void add(std::uint64_t key) noexcept {
    const std::uint64_t tag = tag_of(key);
    for (std::uint64_t i = tag & mask_, looked = 0; looked <= mask_; i = (i + 1) & mask_, ++looked) {
      const std::uint64_t word = words_[i].load(std::memory_order_relaxed);
      if (word != 0 && word >> kCountBits != tag) continue;
      if ((word & kMostCounted) == kMostCounted) return;
      words_[i].store((tag << kCountBits) | ((word & kMostCounted) + 1), std::memory_order_relaxed);
      return;
    }
  }

  // Of a key that is not there: nothing.
  void remove(std::uint64_t key) noexcept {
    const std::uint64_t tag = tag_of(key);
    for (std::uint64_t i = tag & mask_, looked = 0; looked <= mask_; i = (i + 1) & mask_, ++looked) {
      const std::uint64_t word = words_[i].load(std::memory_order_relaxed);
      if (word == 0) return;
      if (word >> kCountBits != tag) continue;
      if ((word & kMostCounted) > 1)
        words_[i].store(word - 1, std::memory_order_relaxed);
      else
        close_gap(i);
      return;
    }
  }

  void clear() noexcept {
    for (std::uint64_t i = 0; i <= mask_; ++i) words_[i].store(0, std::memory_order_relaxed);
  }

 private:
  static constexpr unsigned kCountBits = 16;
  static constexpr std::uint64_t kMostCounted = (1U << kCountBits) - 1;

  // Never 0, so that a word in use is not 0. Its low bits say where the entry would like to be.
  [[nodiscard]] static std::uint64_t tag_of(std::uint64_t key) noexcept {
    const std::uint64_t tag = key >> kCountBits;
    return tag == 0 ? 1 : tag;
  }

  // Entries behind the gap that it would hide move into it, so no mark of what was there needs to stay.
  void close_gap(std::uint64_t gap) noexcept {
    for (std::uint64_t next = (gap + 1) & mask_; next != gap; next = (next + 1) & mask_) {
      const std::uint64_t word = words_[next].load(std::memory_order_relaxed);
      if (word == 0) break;
      const std::uint64_t home = (word >> kCountBits) & mask_;
      if (((next - home) & mask_) < ((next - gap) & mask_)) continue;  // its home lies behind the gap
      words_[gap].store(word, std::memory_order_relaxed);
      gap = next;
    }
    words_[gap].store(0, std::memory_order_relaxed);
  }

  Word* words_;
  std::uint64_t mask_;
};

}  // namespace rookery::shm
