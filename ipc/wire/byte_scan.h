// ipc/wire/byte_scan.h
//
// Looks at eight bytes of a text at a time, for the loops that pass over long runs of harmless characters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace rookery::wire {

// A word of eight bytes; the tests below do not care for their order.
[[nodiscard]] inline std::uint64_t load_bytes(const char* from) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof word);
  return word;
}

inline constexpr std::uint64_t kEveryByte = 0x0101010101010101;
inline constexpr std::uint64_t kHighBits = 0x8080808080808080;

[[nodiscard]] constexpr bool has_non_ascii(std::uint64_t word) noexcept {
  return (word & kHighBits) != 0;
}

// Is any of the bytes less than `bound`? REQUIRES: bound <= 128. (Warren, Hacker's Delight, section 6-1: a byte borrows
// from its high bit only if it was smaller, and the middle term keeps out bytes that had that bit before.)
[[nodiscard]] constexpr bool has_byte_below(std::uint64_t word, std::uint8_t bound) noexcept {
  return ((word - kEveryByte * bound) & ~word & kHighBits) != 0;
}

[[nodiscard]] constexpr bool has_byte(std::uint64_t word, std::uint8_t byte) noexcept {
  return has_byte_below(word ^ (kEveryByte * byte), 1);
}

// The first position from `at` on whose byte is special, or the size. `word_may_hold` may be cautious, `is_special` may
// not.
template <typename WordTest, typename ByteTest>
[[nodiscard]] std::size_t find_special(std::string_view text, std::size_t at, WordTest word_may_hold,
                                       ByteTest is_special) noexcept {
  while (at + 8 <= text.size() && !word_may_hold(load_bytes(text.data() + at))) at += 8;
  while (at < text.size() && !is_special(static_cast<unsigned char>(text[at]))) ++at;
  return at;
}

}  // namespace rookery::wire
