#include "ipc/shm/checksum.h"

#include <xxhash.h>

namespace rookery::shm {

std::uint32_t checksum32(std::span<const std::byte> bytes, std::uint64_t seed) noexcept {
  return static_cast<std::uint32_t>(XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed));
}

std::uint64_t hash64(std::span<const std::byte> bytes) noexcept {
  return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace rookery::shm
