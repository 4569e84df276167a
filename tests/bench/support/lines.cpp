#include "tests/bench/support/lines.h"

namespace rookery::bench {

std::string ping_line(DialectChoice dialect) {
  return dialect == DialectChoice::Text ? "/ping\n" : "{\"op\":\"ping\"}\n";
}

std::string say_line(DialectChoice dialect, std::size_t text_bytes) {
  const std::string text(text_bytes, 'x');
  return dialect == DialectChoice::Text ? "/say #lobby " + text + "\n"
                                        : R"({"op":"say","room":"#lobby","text":")" + text + "\"}\n";
}

bool is_answer(std::string_view line) noexcept {
  return line.starts_with("OK") || line.starts_with("ERR") || line.starts_with("{\"re\"");
}

}  // namespace rookery::bench
