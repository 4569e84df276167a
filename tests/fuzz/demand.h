// tests/fuzz/demand.h: what the checks are made of.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace rookery::fuzz {

inline void demand(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

// Takes an input apart, from its start. What lies beyond the end is zero.
class Input final {
 public:
  explicit Input(std::string_view bytes) noexcept : rest_(bytes) {}

  [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

  template <class T>
  T number() noexcept {
    T value{};
    const std::string_view bytes = text(sizeof value);
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), bytes.size());
    return value;
  }
  std::uint8_t byte() noexcept { return number<std::uint8_t>(); }

  std::string_view text(std::size_t bytes) noexcept {
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view rest_;
};

// Overwrites `memory` at places the input names, 4 bytes of offset and 1 of length each, until it ends.
inline void scribble(Input& input, std::byte* memory, std::size_t size) {
  while (!input.empty()) {
    const std::size_t at = input.number<std::uint32_t>() % size;
    const std::string_view bytes = input.text(input.byte());
    if (!bytes.empty()) std::memcpy(memory + at, bytes.data(), std::min(bytes.size(), size - at));
  }
}

}  // namespace rookery::fuzz
