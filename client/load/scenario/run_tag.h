// client/load/scenario/run_tag.h
//
// What makes the names of one run differ from those of all others on the same server: at most 18 of the characters that
// names may have.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <string>

#include "ipc/os/clock.h"

namespace rookery::load {

inline std::string make_run_tag() {
  return fmt::format("{:x}-{:x}", os::realtime_ms(), ::getpid());
}

}  // namespace rookery::load
