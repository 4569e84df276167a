// ipc/shm/committed_value.h
//
// A value of several words that changes as one: its owner writes the spare copy, then flips to it. Whoever reads it,
// or inherits it from a dead owner, finds the value before or after a change, never between.
//
// Who may write   One thread of the process that has the region mapped writable.
// Memory order
//   commit  each word of the spare copy is released, then `version` is; who acquires the version sees its copy whole.
//   overrun a reader that acquires a word of a newer change also sees that `version` had moved before, and reads again.
// When the owner dies in mid-change, the version has not moved: the old value stands. For a hundred thousand values, or
// where a stray write must be seen, there is ipc/shm/journal.h.
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
  static constexpr int kTries = 64;  // a writer that changes its value faster than we can copy it has run wild

 public:
  // The owner's own view: nobody else writes.
  [[nodiscard]] T load_own() const noexcept { return copy(version_.load(std::memory_order_relaxed)); }

  void store(const T& value) noexcept {
    const std::uint64_t next = version_.load(std::memory_order_relaxed) + 1;
    std::array<std::uint64_t, kWords> words;
    std::memcpy(words.data(), &value, sizeof(T));
    for (std::size_t i = 0; i < kWords; ++i)
      copies_[next & 1][i].store(words[i], std::memory_order_release);  // overrun
    version_.store(next, std::memory_order_release);                    // commit
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

  [[nodiscard]] Words words_of(std::uint64_t version) const noexcept {
    Words words;
    for (std::size_t i = 0; i < kWords; ++i) words[i] = copies_[version & 1][i].load(std::memory_order_acquire);
    return words;
  }
  [[nodiscard]] T copy(std::uint64_t version) const noexcept { return std::bit_cast<T>(words_of(version)); }

  std::atomic<std::uint64_t> version_;
  std::array<std::array<std::atomic<std::uint64_t>, kWords>, 2> copies_;
};

}  // namespace rookery::shm
