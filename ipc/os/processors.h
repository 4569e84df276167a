// ipc/os/processors.h
//
// The processors that this process may run on: what a default that goes by their number should count.
#pragma once

#include <cstdint>

namespace rookery::os {

// Those of its affinity mask (taskset, a systemd unit's AllowedCPUs=), at least 1. Quotas of a control group do not
// count: they limit time, not places.
[[nodiscard]] std::uint32_t usable_processors() noexcept;

}  // namespace rookery::os
