// ipc/shm/words.h
//
// Arithmetic of rings that are made of 8-byte words and whose capacity is a power of two.
#pragma once

#include <cstdint>

namespace rookery::shm {

// 8-byte words that hold `bytes`. Not for more than 2^64 - 8 bytes: bound a foreign length first.
[[nodiscard]] constexpr std::uint64_t words_for(std::uint64_t bytes) noexcept {
  return (bytes + 7) / 8;
}

[[nodiscard]] constexpr bool is_power_of_two(std::uint64_t value) noexcept {
  return value != 0 && (value & (value - 1)) == 0;
}

}  // namespace rookery::shm
