// ipc/wire/limits.cpp: the checks behind the limits.
#include "ipc/wire/limits.h"

#include <utf8.h>

#include <algorithm>
#include <array>

#include "ipc/wire/byte_scan.h"

namespace rookery::wire {
namespace {

// Written out, since std::isalnum asks the locale.
constexpr bool is_name_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

constexpr bool begins_in_any_case(std::string_view name, std::string_view lower) noexcept {
  if (name.size() < lower.size()) return false;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    const char c = name[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != lower[i]) return false;
  }
  return true;
}

}  // namespace

bool is_valid_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kMaxNameBytes && std::all_of(name.begin(), name.end(), is_name_character);
}

bool is_guest_name(std::string_view name) noexcept {
  if (name.size() <= kGuestPrefix.size() || !begins_in_any_case(name, kGuestPrefix)) return false;
  const std::string_view digits = name.substr(kGuestPrefix.size());
  return std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_reserved_name(std::string_view name) noexcept {
  if (is_guest_name(name) || name.starts_with('-') || begins_in_any_case(name, "guest-")) return true;
  constexpr std::array<std::string_view, 5> kReserved{kGuestPrefix, "root", "admin", "system", "server"};
  return std::ranges::any_of(kReserved, [name](std::string_view reserved) {
    return name.size() == reserved.size() && begins_in_any_case(name, reserved);
  });
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
