// ipc/sandbox/capabilities.h
//
// What is left of root's privileges, where the server was started with any. A server that runs as a user of its own
// has none, and nothing happens here.
#pragma once

#include <cstdint>

#include "ipc/sandbox/sandbox.h"

namespace rookery::sandbox {

// A bit for each capability, by its number in <linux/capability.h>.
[[nodiscard]] std::uint64_t capabilities_of(Role role) noexcept;

// Gives up all others, in all sets: execve() does not bring them back (no_new_privs is set too). Throws
// std::system_error.
void keep_capabilities(std::uint64_t kept);

}  // namespace rookery::sandbox
