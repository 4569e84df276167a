#include "worker/limits/source.h"

#include <array>
#include <span>

#include "ipc/shm/checksum.h"

namespace rookery::worker {

Source source_of(const chat::SourceAddress& address, std::uint64_t secret) noexcept {
  const chat::SourceAddress network = address.network();
  const std::array<std::uint64_t, 3> hashed{secret, network.words[0], network.words[1]};
  return {shm::hash64(std::as_bytes(std::span(hashed))), address.is_none() || address.is_loopback()};
}

}  // namespace rookery::worker
