#include "tests/fault/takeover/filler.h"

#include <array>

namespace rookery::system_test {
namespace {

std::uint64_t mixed(std::uint64_t value) noexcept {  // splitmix64
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

constexpr std::array<std::string_view, 16> kPieces{"a", "b",  "Q", "7", "0", " ", "ä",  "ß",
                                                   "€", "日", "😀", "x", "y", ".", "\"", "\\"};

}  // namespace

std::string filler(std::uint64_t one, std::uint64_t two) {
  std::uint64_t random = mixed(mixed(one) ^ two);
  const std::uint64_t kind = random % 100;
  const std::uint64_t pieces = kind < 80 ? random / 100 % 30 : kind < 97 ? random / 100 % 200 : random / 100 % 2000;
  std::string text;
  for (std::uint64_t i = 0; i < pieces; ++i) {
    if (i % 16 == 0) random = mixed(random);
    text += kPieces[(random >> (i % 16 * 4)) & 15];
  }
  return text + "!";
}

std::string in_json(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace rookery::system_test
