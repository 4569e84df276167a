// master/ctl/top_screen.h
//
// The terminal while `top` has it. It is as it was when the object goes, whatever the reason; a signal that would end
// the program is kept for later, so that the object can go first:
//     {
//       Screen screen;
//       while (!screen.wants_to_end()) { screen.draw(lines); handle(screen.key(wait)); }
//     }
//     Screen::end_by_signal();
#pragma once

#include <chrono>
#include <vector>

#include "master/ctl/top_view.h"

namespace rookery::ctl {

class Screen final {
 public:
  // Throws std::runtime_error where the terminal is of no use (TERM).
  Screen();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // What does not fit is cut off.
  void draw(const std::vector<Line>& lines);

  static constexpr int kNoKey = 0;
  static constexpr int kResized = -1;
  // The next key, or kNoKey after `wait` or at a signal.
  [[nodiscard]] int key(std::chrono::milliseconds wait);

  [[nodiscard]] static bool wants_to_end() noexcept;  // a signal has come
  // If one has: as if it had not been kept. REQUIRES: no Screen.
  static void end_by_signal();

 private:
  void* terminal_;  // ncurses' SCREEN
};

}  // namespace rookery::ctl
