// master/supervisor/descriptor_limit.h
//
// How many clients the limit of open files allows. Any one worker may come to hold all of them, and the master a
// duplicate of each, besides what the processes need for themselves.
#pragma once

#include <cstdint>
#include <optional>

namespace rookery::master {

inline constexpr std::uint32_t kFewestClients = 16;

// What the master, which holds most, needs besides clients. `workers`: the places for them.
[[nodiscard]] std::uint64_t descriptors_besides_clients(std::uint32_t workers, std::uint32_t loops) noexcept;

// The number of clients to allow: `asked` if somebody asked, else as many of `wanted` as fit. Throws StartError (78),
// which names the limit needed, when what was asked for, or kFewestClients, does not fit.
[[nodiscard]] std::uint32_t clients_within(std::uint64_t limit, std::uint64_t besides,
                                           std::optional<std::uint32_t> asked, std::uint32_t wanted);

// How many sockets the master may hold: what the limit leaves, and some for those whose end is under way.
[[nodiscard]] std::uint64_t most_sockets_held(std::uint64_t limit, std::uint64_t besides) noexcept;

// Raises the soft limit of open files to the hard one and returns what then holds.
[[nodiscard]] std::uint64_t raise_descriptor_limit() noexcept;

}  // namespace rookery::master
