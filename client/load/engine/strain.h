// client/load/engine/strain.h
//
// How much a thread of the load tool had to do, and what that says about the figures: a server cannot be faster than
// who asks it.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>

namespace rookery::load {

// Shares of the counted time.
struct Strain {
  double had_work = 0;  // it did not wait
  double had_core = 0;  // it ran, by its own processor clock
};

// "the load tool was the limit: ..." when a thread ran nearly all the time, whatever the server did. "the load tool was
// held up: ..." when it had work nearly all the time and did not run: somebody else, the server perhaps, had its core,
// and more answers could have been taken than were. One of them at most, about the worst thread.
[[nodiscard]] std::optional<std::string> remark_on(std::span<const Strain> threads);

// Of the calling thread.
[[nodiscard]] std::chrono::nanoseconds thread_cpu_time() noexcept;

}  // namespace rookery::load
