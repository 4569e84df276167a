// master/console/printable.h
//
// Text from somewhere else, made fit for a terminal or a log.
#pragma once

#include <string>
#include <string_view>

namespace rookery::master {

// Everything but printable ASCII becomes '?'.
[[nodiscard]] inline std::string printable(std::string_view text) {
  std::string safe(text);
  for (char& character : safe)
    if (character < ' ' || character > '~') character = '?';
  return safe;
}

}  // namespace rookery::master
