// tests/system/harness/patience.h
//
// How long a test waits for what must happen, and the waiting itself. A deadline is a watchdog, never part of what is
// asserted: generous, so that a busy machine passes, and longer where a sanitizer slows everything down.
#pragma once

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/support/driven_programs.h"

namespace rookery::system_test {

// Known when the test starts, not when it is compiled: the same program drives servers with and without a sanitizer.
inline const int kSlowness = test::sanitizer() == test::Sanitizer::Thread    ? 8
                             : test::sanitizer() == test::Sanitizer::Address ? 3
                                                                             : 1;
inline const bool kSanitized = kSlowness > 1;

using Clock = std::chrono::steady_clock;
inline const std::chrono::seconds kPatience{120};

// For --shutdown-timeout: longer than any test waits for a stop, so a server that has to be forced has failed it.
inline constexpr const char* kNeverForced = "300";

// A watchdog has barked: the test has failed.
class TimedOut : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Returns once `condition` holds. Throws TimedOut with `what` otherwise.
void eventually(std::string_view what, const std::function<bool()>& condition,
                std::chrono::milliseconds within = kPatience);

// The same work in `count` threads at once; `work` gets 0, 1, 2, ... Rethrows the first exception of any.
void in_threads(std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace rookery::system_test
