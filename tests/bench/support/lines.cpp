#include "tests/bench/support/lines.h"

#include <fmt/format.h>

namespace rookery::bench {

std::string ping_line(DialectChoice dialect) {
  return dialect == DialectChoice::Text ? "/ping\n" : "{\"op\":\"ping\"}\n";
}

std::string say_line(DialectChoice dialect, std::size_t text_bytes, std::string_view room) {
  const std::string text(text_bytes, 'x');
  return dialect == DialectChoice::Text
             ? fmt::format("/say {} {}\n", room, text)
             : fmt::format("{{\"op\":\"say\",\"room\":\"{}\",\"text\":\"{}\"}}\n", room, text);
}

bool is_answer(std::string_view line) noexcept {
  return line.starts_with("OK") || line.starts_with("ERR") || line.starts_with("{\"re\"") || line.starts_with(':');
}

}  // namespace rookery::bench
