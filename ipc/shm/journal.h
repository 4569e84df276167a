// ipc/shm/journal.h
//
// Many values of several words, each of which changes as one, and one owner who changes them one after the other. A
// new value is written down in the owner's journal first, then put into its place; whoever inherits the places from a
// dead owner looks at the journal, and finds each value before or after a change, never between. A place so costs its
// value and a checksum, where a CommittedValue costs the value twice: for who has a hundred thousand of them.
//
//     journal.store(places[7], 7, value);                          // the owner
//     const auto last = journal.last();                            // an heir, first of all
//     if (last && last->place == 7) ...                            // that one is to be believed, not what stands there
//     places[i].load_inherited(i);                                 // all others
//
// The mistake everybody makes is to go on without the first step: places[last->place] may be half written, and the
// journal's next entry is the end of the other half. An heir that goes on in the same memory calls repair() first.
//
// Who may write   One thread of the process that has the region mapped writable: the journal and all its places.
// Memory order    `place` becomes none, then the words of the entry and its checksum are stored, then `place` is, then
// the
//                 words of the place itself; each store is a release, and a death lies between two of them. While the
//                 owner lives others may look at single words of a place only.
//
// When the owner dies
//   before the entry names its place   the entry is none; its place still has the value before.
//   before the place's checksum        the entry is whole and says what the place was to become.
//   after that                         entry and place agree; to put the entry there again changes nothing.
// A stray write to either is seen by its checksum, which also holds the place's number. The checksum is for that alone:
// whether an entry is whole it cannot tell, for half a new entry over half an old one may add up.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>

namespace rookery::shm {

template <class T>
class Journal;

template <class T>
class JournaledValue {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % 8 == 0);

 public:
  // What a dead owner left there; empty where it is damaged.
  [[nodiscard]] std::optional<T> load_inherited(std::uint64_t place) const noexcept {
    const Words words = words_now();
    if (sum_.load(std::memory_order_acquire) != sum_of(words, place)) return std::nullopt;
    return std::bit_cast<T>(words);
  }
  // For others than the owner: each word is whole, but they may be of different changes.
  [[nodiscard]] T glance() const noexcept { return std::bit_cast<T>(words_now()); }

 private:
  friend class Journal<T>;
  static constexpr std::size_t kWords = sizeof(T) / 8;
  using Words = std::array<std::uint64_t, kWords>;
  // A sum of products with odd factors: one multiplication a word, none waits for another. For stray writes, not for
  // forgers.
  static constexpr std::uint64_t kFactor = 0x9e3779b97f4a7c15;

  [[nodiscard]] static constexpr std::uint64_t sum_of(const Words& words, std::uint64_t place) noexcept {
    std::uint64_t sum = (place + 1) * kFactor;
    for (std::size_t i = 0; i < kWords; ++i) sum += words[i] * (kFactor * (2 * i + 3));
    return sum;
  }
  [[nodiscard]] Words words_now() const noexcept {
    Words words;
    for (std::size_t i = 0; i < kWords; ++i) words[i] = words_[i].load(std::memory_order_acquire);
    return words;
  }
  void set(const Words& words, std::uint64_t sum) noexcept {
    for (std::size_t i = 0; i < kWords; ++i) words_[i].store(words[i], std::memory_order_release);
    sum_.store(sum, std::memory_order_release);
  }

  std::array<std::atomic<std::uint64_t>, kWords> words_;
  std::atomic<std::uint64_t> sum_;
};

template <class T>
class Journal {
  using Value = JournaledValue<T>;

 public:
  void store(Value& to, std::uint64_t place, const T& value) noexcept {
    const auto words = std::bit_cast<typename Value::Words>(value);
    const std::uint64_t sum = Value::sum_of(words, place);
    place_.store(kNone, std::memory_order_release);
    entry_.set(words, sum);
    place_.store(place, std::memory_order_release);
    to.set(words, sum);
  }

  struct Last {
    std::uint64_t place;
    T value;
  };
  // The newest change, which may be half done in its place. Empty where there was none, or none had begun.
  [[nodiscard]] std::optional<Last> last() const noexcept {
    const std::uint64_t place = place_.load(std::memory_order_acquire);
    if (place == kNone) return std::nullopt;
    const auto value = entry_.load_inherited(place);
    if (!value) return std::nullopt;
    return Last{place, *value};
  }

  // Ends the newest change; may be done again after a death in the middle of it. REQUIRES: `to` is the place that
  // last() names.
  void repair(Value& to) const noexcept {
    const auto newest = last();
    if (!newest) return;
    const auto words = std::bit_cast<typename Value::Words>(newest->value);
    to.set(words, Value::sum_of(words, newest->place));
  }

 private:
  static constexpr std::uint64_t kNone = ~std::uint64_t{0};

  std::atomic<std::uint64_t> place_;
  Value entry_;
};

}  // namespace rookery::shm
