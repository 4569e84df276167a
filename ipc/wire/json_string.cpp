// ipc/wire/json_string.cpp: runs between escapes are appended whole.
#include "ipc/wire/json_string.h"

#include "ipc/wire/byte_scan.h"

namespace rookery::wire {
namespace {

bool word_needs_escape(std::uint64_t word) noexcept {
  return has_byte_below(word, 0x20) || has_byte(word, '"') || has_byte(word, '\\');
}

bool needs_escape(unsigned char c) noexcept {
  return c < 0x20 || c == '"' || c == '\\';
}

void append_escape(std::string& out, unsigned char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      out.append("\\\"");
      return;
    case '\\':
      out.append("\\\\");
      return;
    case '\b':
      out.append("\\b");
      return;
    case '\f':
      out.append("\\f");
      return;
    case '\n':
      out.append("\\n");
      return;
    case '\r':
      out.append("\\r");
      return;
    case '\t':
      out.append("\\t");
      return;
    default:
      out.append("\\u00");
      out.push_back(kHex[c >> 4]);
      out.push_back(kHex[c & 0xF]);
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t run = 0;
  for (;;) {
    const std::size_t end = find_special(text, run, word_needs_escape, needs_escape);
    out.append(text.data() + run, end - run);
    if (end == text.size()) break;
    append_escape(out, static_cast<unsigned char>(text[end]));
    run = end + 1;
  }
  out.push_back('"');
}

}  // namespace rookery::wire
