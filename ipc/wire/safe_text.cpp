#include "ipc/wire/safe_text.h"

#include <utf8.h>

#include <iterator>

namespace rookery::wire {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kControlPictures = 0x2400;  // U+2400 shows NUL, U+241B ESC, and so on
constexpr char32_t kDeletePicture = 0x2421;

bool in_range(char32_t character, char32_t first, char32_t last) {
  return character >= first && character <= last;
}

// Invisible characters that reorder or break the line around them.
bool rearranges_line(char32_t character) {
  return character == 0x061C || in_range(character, 0x200E, 0x200F) || in_range(character, 0x2028, 0x202E) ||
         in_range(character, 0x2066, 0x2069);
}

char32_t harmless(char32_t character, bool keep_tabs) {
  if (character == '\t') return keep_tabs ? U'\t' : U' ';
  if (character < 0x20) return kControlPictures + character;
  if (character == 0x7F) return kDeletePicture;
  if (in_range(character, 0x80, 0x9F) || rearranges_line(character)) return kReplacement;
  return character;
}

}  // namespace

std::string make_harmless(std::string_view untrusted, bool keep_tabs) {
  std::string valid;
  valid.reserve(untrusted.size());
  utf8::replace_invalid(untrusted.begin(), untrusted.end(), std::back_inserter(valid), kReplacement);

  std::string out;
  out.reserve(valid.size());
  for (auto position = valid.cbegin(); position != valid.cend();) {
    const auto character = static_cast<char32_t>(utf8::unchecked::next(position));
    utf8::unchecked::append(harmless(character, keep_tabs), std::back_inserter(out));
  }
  return out;
}

}  // namespace rookery::wire
