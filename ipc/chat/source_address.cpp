#include "ipc/chat/source_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

namespace rookery::chat {

namespace {

constexpr std::size_t kFirstByteOfMappedFour = 12;

in6_addr bytes_of(const SourceAddress& address) noexcept {
  in6_addr six{};
  static_assert(sizeof six == sizeof address.words);
  std::memcpy(&six, address.words.data(), sizeof six);
  return six;
}

}  // namespace

bool SourceAddress::is_ipv4() const noexcept {
  const in6_addr six = bytes_of(*this);
  return IN6_IS_ADDR_V4MAPPED(&six);
}

bool SourceAddress::is_loopback() const noexcept {
  constexpr std::uint8_t kLoopbackNetwork = 127;
  const in6_addr six = bytes_of(*this);
  return is_ipv4() ? six.s6_addr[kFirstByteOfMappedFour] == kLoopbackNetwork : IN6_IS_ADDR_LOOPBACK(&six);
}

SourceAddress SourceAddress::network() const noexcept {
  return is_ipv4() ? *this : SourceAddress{{words[0], 0}};
}

std::string SourceAddress::text() const {
  const in6_addr six = bytes_of(*this);
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_ipv4())
    ::inet_ntop(AF_INET, &six.s6_addr[kFirstByteOfMappedFour], text.data(), text.size());
  else
    ::inet_ntop(AF_INET6, &six, text.data(), text.size());
  return text.data();
}

std::string SourceAddress::network_text() const {
  return is_ipv4() ? text() : network().text() + "/64";
}

SourceAddress source_address(const sockaddr_storage& peer) noexcept {
  in6_addr six{};
  if (peer.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(peer);
    six.s6_addr[10] = six.s6_addr[11] = 0xff;
    std::memcpy(&six.s6_addr[kFirstByteOfMappedFour], &four.sin_addr, sizeof four.sin_addr);
  } else if (peer.ss_family == AF_INET6) {
    six = reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr;
  }
  SourceAddress result;
  std::memcpy(result.words.data(), &six, sizeof six);
  return result;
}

}  // namespace rookery::chat
