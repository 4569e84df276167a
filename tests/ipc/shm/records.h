// tests/ipc/shm/records.h
//
// Records that prove themselves: size and bytes follow from the position they lie at, so a reader that knows where it
// is can tell a whole record from a torn, stale or misplaced one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace rookery::testing {

// A step of splitmix64: an even spread from counted numbers.
constexpr std::uint64_t scattered(std::uint64_t number) noexcept {
  number += 0x9e3779b97f4a7c15;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
  return number ^ (number >> 31);
}

inline void make_record(std::uint64_t position, std::size_t max_bytes, std::vector<std::byte>& record) {
  record.resize(scattered(position) % (max_bytes + 1));
  for (std::size_t i = 0; i < record.size(); ++i) record[i] = static_cast<std::byte>(scattered(position + i) & 0xff);
}

inline bool is_record(std::uint64_t position, std::size_t max_bytes, const std::vector<std::byte>& record) {
  std::vector<std::byte> expected;
  make_record(position, max_bytes, expected);
  return record == expected;
}

inline std::vector<std::byte> bytes_of(std::string_view text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

inline std::string_view text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace rookery::testing
