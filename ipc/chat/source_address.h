// ipc/chat/source_address.h
//
// Where a connection comes from: 16 bytes, an IPv6 address or an IPv4 address mapped into one, in network order. And
// the network that stands for it where somebody is held to account: an IPv4 address is one, of IPv6 whoever has one
// address has the 2^64 around it too.
//
// A thread that is about to deal with a client's line notes in shared memory whose it is (Suspect), so that the master
// knows whom to hold to account if the worker dies of it, and which session to doubt.
#pragma once

#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

namespace rookery::chat {

struct SourceAddress {
  std::array<std::uint64_t, 2> words{};  // the bytes' halves as they lie in memory

  [[nodiscard]] bool is_none() const noexcept { return words[0] == 0 && words[1] == 0; }
  [[nodiscard]] bool is_ipv4() const noexcept;
  [[nodiscard]] bool is_loopback() const noexcept;
  // Of all addresses of one network the same.
  [[nodiscard]] SourceAddress network() const noexcept;
  [[nodiscard]] std::string text() const;          // "127.0.0.1", "2001:db8::1"
  [[nodiscard]] std::string network_text() const;  // "127.0.0.1", "2001:db8::/64"

  friend bool operator==(const SourceAddress&, const SourceAddress&) = default;
};

// None for other families.
[[nodiscard]] SourceAddress source_address(const sockaddr_storage& peer) noexcept;

// Who may write   One thread of the worker in whose region it lies, by relaxed stores.
// When it dies    The note says whose line it was at; `fatal` is 1 when that very thread crashed.
// Trust           Any bits may stand there: they are an address and nothing else.
struct Suspect {
  std::array<std::atomic<std::uint64_t>, 2> address;  // none: it deals with nobody
  std::atomic<std::uint64_t> fatal;
  std::atomic<std::uint64_t> client;  // whose line it is; written before the address

  void note(const SourceAddress& source, std::uint64_t of_client) noexcept {
    client.store(of_client, std::memory_order_relaxed);
    address[0].store(source.words[0], std::memory_order_relaxed);
    address[1].store(source.words[1], std::memory_order_relaxed);
  }
  void clear() noexcept { note({}, 0); }
  [[nodiscard]] SourceAddress load() const noexcept {
    return {{address[0].load(std::memory_order_relaxed), address[1].load(std::memory_order_relaxed)}};
  }
};
static_assert(sizeof(Suspect) == 32, "drawn in docs/shared-memory.md");

// Notes a suspect for as long as it lives. Null: nothing is noted.
class Suspicion final {
 public:
  Suspicion(Suspect* place, const SourceAddress& source, std::uint64_t client) noexcept : place_(place) {
    if (place_ != nullptr) place_->note(source, client);
  }
  ~Suspicion() {
    if (place_ != nullptr) place_->clear();
  }
  Suspicion(const Suspicion&) = delete;
  Suspicion& operator=(const Suspicion&) = delete;

 private:
  Suspect* place_;
};

}  // namespace rookery::chat
