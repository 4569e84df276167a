// ipc/shm/committed_value.h
//
// A value of several words that changes as one: its owner writes the spare copy, then flips to it. Whoever reads it,
// or inherits it from a dead owner, finds the value before or after a change, never between.
//
// Who may write   One thread of the process that has the region mapped writable.
// Memory order
//   commit  each word of the spare copy is released, then `version` is; who acquires the version sees its copy whole.
//   overrun a reader that acquires a word of a newer change also sees that `version` had moved before, and reads again.
// When the owner dies in mid-change, the version has not moved: the old value stands. Each copy carries a checksum of
// its words and version, so that an heir sees when a stray write has hit it: load_inherited().
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>

namespace rookery::shm {

template <class T>
class CommittedValue {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % 8 == 0);
  static constexpr std::size_t kWords = sizeof(T) / 8;
  // A sum of products with odd factors: one multiplication a word, none waits for another. For stray writes, not for
  // forgers.
  static constexpr std::uint64_t kFactor = 0x9e3779b97f4a7c15;
  static constexpr int kTries = 64;  // a writer that changes its value faster than we can copy it has run wild

 public:
  // The owner's own view: nobody else writes.
  [[nodiscard]] T load_own() const noexcept { return copy(version_.load(std::memory_order_relaxed)); }

  void store(const T& value) noexcept {
    const std::uint64_t next = version_.load(std::memory_order_relaxed) + 1;
    std::array<std::uint64_t, kWords> words;
    std::memcpy(words.data(), &value, sizeof(T));
    for (std::size_t i = 0; i < kWords; ++i)
      copies_[next & 1][i].store(words[i], std::memory_order_release);                // overrun
    copies_[next & 1][kWords].store(sum_of(words, next), std::memory_order_release);  // overrun
    version_.store(next, std::memory_order_release);                                  // commit
  }

  // What a dead owner left; empty where it is damaged. Never empty for a value that was stored once.
  [[nodiscard]] std::optional<T> load_inherited() const noexcept {
    return checked(version_.load(std::memory_order_acquire));
  }
  // The value before the newest change. Empty where there was none, or its successor was being written already.
  [[nodiscard]] std::optional<T> load_previous() const noexcept {
    return checked(version_.load(std::memory_order_acquire) - 1);
  }

  // For everybody else. Empty when the owner never holds still.
  [[nodiscard]] std::optional<T> load() const noexcept {
    for (int i = 0; i < kTries; ++i) {
      const std::uint64_t version = version_.load(std::memory_order_acquire);  // commit
      const T value = copy(version);
      if (version_.load(std::memory_order_relaxed) == version) return value;
    }
    return std::nullopt;
  }

 private:
  using Words = std::array<std::uint64_t, kWords>;

  [[nodiscard]] static constexpr std::uint64_t sum_of(const Words& words, std::uint64_t version) noexcept {
    std::uint64_t sum = version * kFactor;
    for (std::size_t i = 0; i < kWords; ++i) sum += words[i] * (kFactor * (2 * i + 3));
    return sum;
  }
  [[nodiscard]] Words words_of(std::uint64_t version) const noexcept {
    Words words;
    for (std::size_t i = 0; i < kWords; ++i) words[i] = copies_[version & 1][i].load(std::memory_order_acquire);
    return words;
  }
  [[nodiscard]] T copy(std::uint64_t version) const noexcept { return std::bit_cast<T>(words_of(version)); }
  [[nodiscard]] std::optional<T> checked(std::uint64_t version) const noexcept {
    const Words words = words_of(version);
    if (copies_[version & 1][kWords].load(std::memory_order_acquire) != sum_of(words, version)) return std::nullopt;
    return std::bit_cast<T>(words);
  }

  std::atomic<std::uint64_t> version_;
  std::array<std::array<std::atomic<std::uint64_t>, kWords + 1>, 2> copies_;  // the last word: its checksum
};

}  // namespace rookery::shm
