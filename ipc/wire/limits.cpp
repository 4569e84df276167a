// ipc/wire/limits.cpp: the checks behind the limits.
#include "ipc/wire/limits.h"

#include <utf8.h>

#include <algorithm>

#include "ipc/wire/byte_scan.h"

namespace rookery::wire {
namespace {

// Written out, since std::isalnum asks the locale.
constexpr bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

}  // namespace

bool is_valid_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kMaxNameBytes && std::all_of(name.begin(), name.end(), is_name_character);
}

bool is_guest_name(std::string_view name) noexcept {
  if (name.size() <= kGuestPrefix.size()) return false;
  for (std::size_t i = 0; i < kGuestPrefix.size(); ++i) {
    const char upper = static_cast<char>(kGuestPrefix[i] - 'a' + 'A');
    if (name[i] != kGuestPrefix[i] && name[i] != upper) return false;
  }
  const std::string_view digits = name.substr(kGuestPrefix.size());
  return std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_valid_room(std::string_view room) noexcept {
  return !room.empty() && room.front() == '#' && is_valid_name(room.substr(1));
}

bool is_valid_password(std::string_view password) noexcept {
  return password.size() >= kMinPasswordBytes && password.size() <= kMaxPasswordBytes;
}

bool is_valid_text(std::string_view text) noexcept {
  return !text.empty() && text.find('\0') == std::string_view::npos;
}

bool is_valid_utf8(std::string_view bytes) noexcept {
  const std::size_t rest = find_special(
      bytes, 0, [](std::uint64_t word) { return has_non_ascii(word); }, [](unsigned char c) { return c >= 0x80; });
  return rest == bytes.size() || utf8::is_valid(bytes.begin() + rest, bytes.end());
}

}  // namespace rookery::wire
