// ipc/wire/plain_text.cpp: runs without control characters are appended whole.
#include "ipc/wire/plain_text.h"

#include "ipc/wire/byte_scan.h"

namespace rookery::wire {
namespace {

constexpr unsigned char kDelete = 0x7F;
constexpr unsigned char kC1Lead = 0xC2;  // U+0080 to U+009F are C2 80 to C2 9F; it can't be the second byte of anything

bool word_may_hold_control(std::uint64_t word) noexcept {
  return has_byte_below(word, 0x20) || has_byte(word, kDelete) || has_byte(word, kC1Lead);
}

bool may_be_control(unsigned char c) noexcept {
  return (c < 0x20 && c != '\t') || c == kDelete || c == kC1Lead;
}

bool is_c1_tail(unsigned char c) noexcept {
  return c >= 0x80 && c < 0xA0;
}

}  // namespace

void append_plain_text(std::string& out, std::string_view text) {
  std::size_t run = 0;  // what is not appended yet starts here
  std::size_t at = 0;
  while ((at = find_special(text, at, word_may_hold_control, may_be_control)) < text.size()) {
    const auto c = static_cast<unsigned char>(text[at]);
    const bool c1 = c == kC1Lead && at + 1 < text.size() && is_c1_tail(static_cast<unsigned char>(text[at + 1]));
    if (c == kC1Lead && !c1) {  // a character from U+00A0 to U+00BF
      ++at;
      continue;
    }
    out.append(text.data() + run, at - run);
    out.append(c == '\n' || c == '\r' ? " " : "\uFFFD");
    at += c1 ? 2 : 1;
    run = at;
  }
  out.append(text.data() + run, text.size() - run);
}

}  // namespace rookery::wire
