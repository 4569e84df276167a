#include "client/load/plan.h"

namespace rookery::load {

std::string_view to_string(Mode mode) noexcept {
  switch (mode) {
    case Mode::Echo:
      return "echo";
    case Mode::Fanout:
      return "fanout";
    case Mode::Accounts:
      return "accounts";
    case Mode::Churn:
      return "churn";
    case Mode::Idle:
      return "idle";
  }
  return "?";
}

}  // namespace rookery::load
