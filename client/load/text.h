// client/load/text.h
//
// The texts of a run. Each is made from who says it, the how-manieth of his it is, and when it was due or sent, so that
// whoever hears it can say whose it is, whether it is the next one, how long it took, and whether each byte is right.
//
//     0002a.0000000017.00003b9aca00.then bytes that depend on all of that and on the seed
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "client/load/engine/stage.h"

namespace rookery::load {

struct TextHead {
  std::uint32_t client = 0;
  std::uint64_t number = 0;
  Nanoseconds moment{0};
};

class Texts final {
 public:
  static constexpr std::size_t kHeadBytes = 5 + 1 + 10 + 1 + 12 + 1;
  static constexpr std::size_t kLeastBytes = kHeadBytes + 2;
  static constexpr std::uint32_t kMostClients = 1U << 20;

  // REQUIRES: bytes is at least kLeastBytes.
  Texts(std::uint64_t seed, std::size_t bytes);

  // Lives until the next call.
  [[nodiscard]] std::string_view make(const TextHead& head) noexcept;
  // Empty when `text` does not begin as one of these does.
  [[nodiscard]] static std::optional<TextHead> head_of(std::string_view text) noexcept;
  // Is `text` exactly what make(head) gave? Only the rest is compared: `head` was read from it.
  [[nodiscard]] bool is_whole(std::string_view text, const TextHead& head) const noexcept;

 private:
  [[nodiscard]] const char* filler(const TextHead& head) const noexcept;

  std::size_t filler_bytes_;
  std::string pool_;  // fillers are pieces of it
  std::string made_;
};

}  // namespace rookery::load
