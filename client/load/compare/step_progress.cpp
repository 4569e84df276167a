#include "client/load/compare/step_progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace rookery::load {
namespace {

constexpr const char* kClearLine = "\r\x1b[K";
constexpr std::size_t kUsualColumns = 80;

std::size_t columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : kUsualColumns;
}

}  // namespace

std::string spoken(std::chrono::duration<double> time) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(time).count();
  return seconds < 60 ? fmt::format("{} s", seconds) : fmt::format("{} min {} s", seconds / 60, seconds % 60);
}

StepProgress::StepProgress(std::chrono::duration<double> expected)
    : on_terminal_(::isatty(STDERR_FILENO) == 1), expected_(expected) {}

// The rest is reckoned from how fast it went so far, once there is something to reckon with.
void StepProgress::step(std::string_view what, std::chrono::duration<double> done) {
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begun_;
  const double pace = done > expected_ * 0.1 ? passed / done : 1;
  const std::chrono::duration<double> left = std::max((expected_ - done) * pace, std::chrono::duration<double>(0));
  std::string line = fmt::format("{:3.0f} %  {}, {} left", 100 * std::min(done / expected_, 1.0), what, spoken(left));
  if (!on_terminal_) {
    fmt::print(stderr, "{}\n", line);
    return;
  }
  line.resize(std::min(line.size(), columns() - 1));
  fmt::print(stderr, "{}{}", kClearLine, line);
  std::fflush(stderr);
  line_is_shown_ = true;
}

void StepProgress::say(std::string_view line) {
  clear();
  fmt::print(stderr, "{}\n", line);
}

void StepProgress::clear() {
  if (!line_is_shown_) return;
  fmt::print(stderr, "{}", kClearLine);
  std::fflush(stderr);
  line_is_shown_ = false;
}

}  // namespace rookery::load
