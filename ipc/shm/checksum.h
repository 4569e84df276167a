// ipc/shm/checksum.h
//
// The checksum of records that one process leaves for another: finds what a dying or wild writer damaged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rookery::shm {

// The low half of XXH3-64, seeded so that the same bytes at another place do not pass.
[[nodiscard]] std::uint32_t checksum32(std::span<const std::byte> bytes, std::uint64_t seed) noexcept;

// XXH3-64, for hash tables in shared memory.
[[nodiscard]] std::uint64_t hash64(std::span<const std::byte> bytes) noexcept;

}  // namespace rookery::shm
