// ipc/sandbox/filter.h
//
// Rules over system calls made into a filter that the kernel runs at each call (libseccomp).
#pragma once

#include "ipc/sandbox/rules.h"

namespace rookery::sandbox {

[[nodiscard]] bool can_filter() noexcept;

// From here on, for the calling process and whatever it forks or executes. Throws std::system_error.
void load_filter(const Rules& rules);

}  // namespace rookery::sandbox
