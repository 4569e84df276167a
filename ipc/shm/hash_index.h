// ipc/shm/hash_index.h
//
// Finds small numbers (of a room, of a session block) by the hash of a name: an open-addressed table of words, each of
// which is a whole entry. It holds hashes, not names, so a caller compares what the number stands for:
//
//     const auto room = index.find(hash, [&](std::uint32_t number) { return is_called(number, name); });
//
// Bytes           Words of 8 bytes: `moves`, then the entries, a power of two. An entry is 0 or has 40 bits of the hash
//                 above 24 bits with the number plus one. It lies at hash mod entries or after it (round the end),
//                 without a 0 between. An entry that is removed leaves no mark: those behind it move up, so a table in
//                 which names come and go does not fill.
// Hashes          With a secret seed where clients choose the names: else they could choose what collides. With the
//                 load that words_for() allows a find looks at some nine entries on average, in one or two cache lines.
// Who may write   One thread, with insert, remove and remove_unless. Any process may find at the same time.
// Memory order
//   entry   an entry is released; a reader that acquires it sees what was stored before it was inserted.
//   move    while entries move up, a reader may pass the new place before the copy is there and reach the old one when
//   it
//           is gone. `moves` is raised (release) after the copy and before the old place is overwritten (release), so a
//           reader that saw that place overwritten (acquire) sees another number of moves, and looks again.
// When the writer dies  every entry can be found at every instant; at most one is there twice. A successor calls
//           remove_unless() and insert()s what is missing. After a writer that ran wild, that may be all of it.
// Errors          insert() answers false when there is no place. A table of a process that has run wild costs a reader
//                 kTries looks at each entry and a wrong number, which its comparison refuses.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <optional>

namespace rookery::shm {

class HashIndex final {
 public:
  using Word = std::atomic<std::uint64_t>;
  static constexpr std::uint32_t kMaxNumber = (1U << 24) - 2;

  // For as many numbers, a quarter always free.
  [[nodiscard]] static constexpr std::uint64_t words_for(std::uint64_t numbers) noexcept {
    return 1 + std::bit_ceil(numbers + numbers / 3 + 2);
  }

  // What an entry keeps of a hash.
  [[nodiscard]] static constexpr std::uint64_t tag_of(std::uint64_t hash) noexcept { return hash >> kNumberBits; }

  // `words` words_for() at `memory`, all zero at first.
  HashIndex(Word* memory, std::uint64_t words) noexcept : moves_(*memory), entries_(memory + 1), mask_(words - 2) {}

  // The number with this hash for which `matches(number)` is true. `probes`, if given: how many entries were looked at.
  template <class Matches>
  [[nodiscard]] std::optional<std::uint32_t> find(std::uint64_t hash, Matches matches,
                                                  std::uint64_t* probes = nullptr) const noexcept {
    for (int i = 0; i < kTries; ++i) {
      const std::uint64_t moves = moves_.load(std::memory_order_acquire);  // move
      if (const auto found = look_once(tag_of(hash), matches, probes)) return found;
      if (moves_.load(std::memory_order_relaxed) == moves) break;
    }
    return std::nullopt;
  }

  // Nothing where it is there already. REQUIRES: number <= kMaxNumber.
  [[nodiscard]] bool insert(std::uint64_t hash, std::uint32_t number) noexcept {
    const std::uint64_t entry = entry_of(tag_of(hash), number);
    for (std::uint64_t at = tag_of(hash) & mask_, looked = 0; looked <= mask_; at = (at + 1) & mask_, ++looked) {
      const std::uint64_t word = entries_[at].load(std::memory_order_relaxed);
      if (word == entry) return true;
      if (word != 0) continue;
      entries_[at].store(entry, std::memory_order_release);  // entry
      return true;
    }
    return false;
  }

  // Of what is not there: nothing.
  void remove(std::uint64_t hash, std::uint32_t number) noexcept {
    const std::uint64_t entry = entry_of(tag_of(hash), number);
    for (std::uint64_t at = tag_of(hash) & mask_, looked = 0; looked <= mask_; at = (at + 1) & mask_, ++looked) {
      const std::uint64_t word = entries_[at].load(std::memory_order_relaxed);
      if (word == 0) return;
      if (word != entry) continue;
      Looks any_number{~std::uint64_t{0}};
      return close_gap(at, any_number);
    }
  }

  // Leaves the entries for which `keep(number, tag)` is true, each once: for who takes over a dead writer's table. None
  // where that takes more than kMendLooks looks for each place: the table is that of a process that has run wild.
  // `looked`, if given: how many entries were looked at.
  template <class Keep>
  void remove_unless(Keep keep, std::uint64_t* looked = nullptr) noexcept {
    Looks looks{kMendLooks * (mask_ + 1)};
    for (std::uint64_t at = 0; at <= mask_ && looks.one_more();) {
      const std::uint64_t word = entries_[at].load(std::memory_order_relaxed);
      const bool stays = word == 0 || (keep(number_of(word), word >> kNumberBits) && is_first(word, at, looks));
      if (stays)
        ++at;
      else
        close_gap(at, looks);  // another may lie here now
    }
    if (looked != nullptr) *looked = kMendLooks * (mask_ + 1) - looks.left;
    if (looks.left > 0) return;
    for (std::uint64_t at = 0; at <= mask_; ++at) overwrite(at, 0);
  }

 private:
  static constexpr unsigned kNumberBits = 24;
  static constexpr std::uint64_t kNumberMask = (1U << kNumberBits) - 1;
  static constexpr int kTries = 8;                 // a writer that moves entries in each of as many looks has run wild
  static constexpr std::uint64_t kMendLooks = 64;  // for a place; with the load that words_for() allows, some 12

  struct Looks {
    std::uint64_t left;
    [[nodiscard]] bool one_more() noexcept { return left > 0 && left-- > 0; }
  };

  [[nodiscard]] static constexpr std::uint64_t entry_of(std::uint64_t tag, std::uint32_t number) noexcept {
    return tag << kNumberBits | (number + std::uint64_t{1});
  }
  [[nodiscard]] static constexpr std::uint32_t number_of(std::uint64_t word) noexcept {
    return static_cast<std::uint32_t>((word & kNumberMask) - 1);
  }
  [[nodiscard]] std::uint64_t home_of(std::uint64_t word) const noexcept { return (word >> kNumberBits) & mask_; }

  template <class Matches>
  [[nodiscard]] std::optional<std::uint32_t> look_once(std::uint64_t tag, Matches& matches,
                                                       std::uint64_t* probes) const noexcept {
    for (std::uint64_t at = tag & mask_, looked = 0; looked <= mask_; at = (at + 1) & mask_, ++looked) {
      const std::uint64_t word = entries_[at].load(std::memory_order_acquire);  // entry
      if (probes != nullptr) ++*probes;
      if (word == 0) return std::nullopt;
      if (word >> kNumberBits == tag && matches(number_of(word))) return number_of(word);
    }
    return std::nullopt;
  }

  // Is it the first of its like, or can it not be found at all?
  [[nodiscard]] bool is_first(std::uint64_t word, std::uint64_t at, Looks& looks) const noexcept {
    for (std::uint64_t i = home_of(word); i != at && looks.one_more(); i = (i + 1) & mask_) {
      const std::uint64_t before = entries_[i].load(std::memory_order_relaxed);
      if (before == word || before == 0) return false;
    }
    return true;
  }

  void close_gap(std::uint64_t gap, Looks& looks) noexcept {
    for (std::uint64_t next = (gap + 1) & mask_; next != gap && looks.one_more(); next = (next + 1) & mask_) {
      const std::uint64_t word = entries_[next].load(std::memory_order_relaxed);
      if (word == 0) break;
      if (((next - home_of(word)) & mask_) < ((next - gap) & mask_)) continue;  // its home lies behind the gap
      overwrite(gap, word);
      gap = next;
    }
    overwrite(gap, 0);
  }

  void overwrite(std::uint64_t at, std::uint64_t word) noexcept {
    moves_.store(moves_.load(std::memory_order_relaxed) + 1, std::memory_order_release);  // move
    entries_[at].store(word, std::memory_order_release);                                  // move
  }

  Word& moves_;
  Word* entries_;
  std::uint64_t mask_;
};

}  // namespace rookery::shm
