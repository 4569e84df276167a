// client/load/compare/interrupt.h
//
// ^C in the middle of a comparison: what is under way is given up, what was started is stopped, what was measured is
// kept.
//
//     const InterruptWatch watch;      // SIGINT, SIGTERM, SIGHUP are noted from here on, instead of ending the program
//     ... throw_if_interrupted(); ...  // wherever something takes long
#pragma once

#include <csignal>
#include <stdexcept>

namespace rookery::load {

class Interrupted final : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted") {}
};

// One at a time.
class InterruptWatch final {
 public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

 private:
  struct sigaction before_[3];
};

[[nodiscard]] bool interrupted() noexcept;
void throw_if_interrupted();

}  // namespace rookery::load
