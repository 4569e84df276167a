#include "ipc/os/processors.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <thread>

namespace rookery::os {

// The kernel refuses a mask that is too short for its processors, and does not say how long it must be.
std::uint32_t usable_processors() noexcept {
  constexpr std::size_t kMostProcessors = 1U << 16;
  for (std::size_t processors = 1024; processors <= kMostProcessors; processors *= 2) {
    cpu_set_t* const set = CPU_ALLOC(processors);
    if (set == nullptr) break;
    const std::size_t bytes = CPU_ALLOC_SIZE(processors);
    const bool told = ::sched_getaffinity(0, bytes, set) == 0;
    const int error = errno;
    const int usable = told ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (usable > 0) return static_cast<std::uint32_t>(usable);
    if (told || error != EINVAL) break;
  }
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace rookery::os
