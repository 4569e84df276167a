#include "ipc/chat/address_mask.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace rookery::chat {

namespace {

using Bytes = std::array<std::uint8_t, 16>;
static_assert(sizeof(Bytes) == sizeof(SourceAddress::words));
constexpr unsigned kIpv4Bits = 32;

Bytes bytes_of_address(const SourceAddress& address) noexcept {
  Bytes bytes;
  std::memcpy(bytes.data(), address.words.data(), bytes.size());
  return bytes;
}

SourceAddress address_of_bytes(const Bytes& bytes) noexcept {
  SourceAddress address;
  std::memcpy(address.words.data(), bytes.data(), bytes.size());
  return address;
}

struct WrittenAddress {
  SourceAddress address;
  bool as_ipv4 = false;
};

std::optional<WrittenAddress> parse_address(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated(text);
  Bytes bytes{};
  in_addr four{};
  if (::inet_pton(AF_INET, terminated.c_str(), &four) == 1) {
    bytes[10] = bytes[11] = 0xff;
    std::memcpy(&bytes[kMappedBits / 8], &four, sizeof four);
    return WrittenAddress{address_of_bytes(bytes), true};
  }
  if (::inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1)
    return WrittenAddress{address_of_bytes(bytes), false};
  return std::nullopt;
}

}  // namespace

SourceAddress first_bits(const SourceAddress& address, unsigned bits) noexcept {
  Bytes bytes = bytes_of_address(address);
  for (unsigned i = 0; i < bytes.size(); ++i) {
    const unsigned kept = std::clamp(bits, i * 8, i * 8 + 8) - i * 8;
    bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xff00U >> kept));
  }
  return address_of_bytes(bytes);
}

std::optional<AddressMask> AddressMask::parse(std::string_view text, bool* had_host_bits) {
  const std::size_t slash = text.find('/');
  const auto written = parse_address(text.substr(0, slash));
  if (!written) return std::nullopt;
  unsigned bits = kAddressBits;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const bool plain = digits == "0" || (!digits.empty() && digits.front() != '0');  // no zeros in front
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    const unsigned most = written->as_ipv4 ? kIpv4Bits : kAddressBits;
    if (!plain || error != std::errc{} || end != digits.data() + digits.size() || bits > most) return std::nullopt;
    if (written->as_ipv4) bits += kMappedBits;
  }
  const AddressMask mask{first_bits(written->address, bits), static_cast<std::uint8_t>(bits)};
  if (had_host_bits != nullptr) *had_host_bits = mask.network != written->address;
  return mask;
}

// A shorter prefix than that of mapped addresses names IPv6 ones.
bool AddressMask::matches(const SourceAddress& address) const noexcept {
  return first_bits(address, bits) == network && address.is_ipv4() == is_ipv4();
}

bool AddressMask::covers_loopback() const {
  constexpr unsigned kLoopbackNetworkBits = 8;  // 127.0.0.0/8
  // Of a longer IPv4 prefix all addresses begin with the same byte.
  if (is_ipv4() && bits >= kMappedBits + kLoopbackNetworkBits) return network.is_loopback();
  return matches(parse_address(is_ipv4() ? "127.0.0.1" : "::1")->address);
}

std::string AddressMask::text() const {
  std::string result = network.text();
  if (bits == kAddressBits) return result;
  return result + "/" + std::to_string(is_ipv4() ? bits - kMappedBits : bits);
}

}  // namespace rookery::chat
