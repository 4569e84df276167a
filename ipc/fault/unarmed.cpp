// The fault points of a server that people run: none.
#include "ipc/fault/fault_point.h"

namespace rookery::fault {

bool armed = false;

std::optional<std::string> configure(const char* setting) {
  if (setting == nullptr) return std::nullopt;
  return "ROOKERY_FAULT is set, but this server has no fault points: only the one built for the tests has";
}

Effect hit(Point) noexcept {
  return {};
}

void hit_line(std::string_view) noexcept {}

}  // namespace rookery::fault
