// ipc/chat/address_mask.h
//
// An IP address, or a range of them in CIDR notation, as a ban names it: "203.0.113.7", "203.0.113.0/24",
// "2001:db8::/32". IPv4 and IPv6 are kept apart: "::/0" is every IPv6 address and no IPv4 one. An IPv4 address that is
// written as IPv6 ("::ffff:203.0.113.7") is the IPv4 address, in a mask as in a connection.
//
//     const std::optional<AddressMask> mask = AddressMask::parse("203.0.113.0/24");
//     if (mask && mask->matches(session.address())) ...
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ipc/chat/source_address.h"

namespace rookery::chat {

inline constexpr unsigned kAddressBits = 128;
inline constexpr unsigned kMappedBits = 96;  // of an IPv6 address that says that it is an IPv4 one

// The first `bits` bits of it, the others zero. REQUIRES: bits <= kAddressBits.
[[nodiscard]] SourceAddress first_bits(const SourceAddress& address, unsigned bits) noexcept;

struct AddressMask {
  SourceAddress network;    // bits behind the prefix are zero
  std::uint8_t bits = 128;  // of the prefix, in the 16 bytes of a SourceAddress: 96 more than an IPv4 prefix has

  // Empty: neither an address nor one with a prefix length from 0 to 32 or 128. Bits behind the prefix are set to zero,
  // and `had_host_bits`, where it is not null, tells whether there were any.
  [[nodiscard]] static std::optional<AddressMask> parse(std::string_view text, bool* had_host_bits = nullptr);

  [[nodiscard]] bool matches(const SourceAddress& address) const noexcept;
  [[nodiscard]] bool is_ipv4() const noexcept { return bits >= kMappedBits && network.is_ipv4(); }
  // Addresses of this machine itself are among them.
  [[nodiscard]] bool covers_loopback() const;
  // All addresses of the family.
  [[nodiscard]] bool covers_all() const noexcept { return bits == (is_ipv4() ? kMappedBits : 0); }
  // The canonical form, which parse() takes; of a single address without the prefix length.
  [[nodiscard]] std::string text() const;

  friend bool operator==(const AddressMask&, const AddressMask&) = default;
};

// What no account's name can be, so it is meant as an address.
[[nodiscard]] constexpr bool looks_like_address(std::string_view text) noexcept {
  return text.find_first_of(".:/") != std::string_view::npos;
}

}  // namespace rookery::chat
