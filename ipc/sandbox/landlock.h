// ipc/sandbox/landlock.h
//
// The kernel's Landlock: which files a process may open from here on, whatever its user may. Kernels know more or less
// of it (docs/security.md); each is asked for what it knows.
#pragma once

#include "ipc/sandbox/sandbox.h"

namespace rookery::sandbox {

// 0: the kernel has none, or it was switched off at boot.
[[nodiscard]] int landlock_version() noexcept;

// Nothing but its `belongings` for a child; of all roles, no TCP connection outwards. Throws std::system_error.
void restrict_files(Role role, const Belongings& belongings);

}  // namespace rookery::sandbox
