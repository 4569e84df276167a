// client/load/compare/step_progress.h
//
// Tells whoever waits what is being measured and how long it will still take: one line, rewritten, on a terminal; a
// line for each step elsewhere. On standard error.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace rookery::load {

class StepProgress final {
 public:
  explicit StepProgress(std::chrono::duration<double> expected);
  ~StepProgress() { clear(); }
  StepProgress(const StepProgress&) = delete;
  StepProgress& operator=(const StepProgress&) = delete;

  // What begins now, and how much of what was expected is over by now.
  void step(std::string_view what, std::chrono::duration<double> done);
  // A line that stays.
  void say(std::string_view line);
  void clear();

 private:
  bool on_terminal_;
  bool line_is_shown_ = false;
  std::chrono::duration<double> expected_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

// "9 min 50 s", "45 s"
[[nodiscard]] std::string spoken(std::chrono::duration<double> time);

}  // namespace rookery::load
