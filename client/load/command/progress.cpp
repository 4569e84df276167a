#include "client/load/command/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace rookery::load {

namespace {
constexpr std::chrono::seconds kEvery{5};  // where there is no terminal
}

Progress::Progress() : terminal_(::isatty(STDERR_FILENO) == 1), next_(os::Monotonic::now() + kEvery) {}

void Progress::counting_begins() {
  next_ = os::Monotonic::now() + kEvery;
}

void Progress::progress(std::chrono::milliseconds done, std::chrono::milliseconds whole, std::uint64_t operations) {
  if (!terminal_ && os::Monotonic::now() < next_) return;
  next_ += kEvery;
  const std::chrono::duration<double> seconds = done;
  const std::string line = fmt::format("{:.1f} of {:.1f} s, {} operations, {:.0f}/s", seconds.count(),
                                       std::chrono::duration<double>(whole).count(), operations,
                                       seconds.count() > 0 ? static_cast<double>(operations) / seconds.count() : 0.0);
  // To the line's start, and after it erase what a longer one has left.
  fmt::print(stderr, "{}{}{}", terminal_ ? "\r" : "", line, terminal_ ? "\033[K" : "\n");
  std::fflush(stderr);
}

void Progress::counting_ends() {
  if (!terminal_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
}

}  // namespace rookery::load
