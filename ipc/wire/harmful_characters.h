// ipc/wire/harmful_characters.h
//
// The characters that nothing from outside may put into a line that people read. This table is the only one; each
// output says what it shows instead:
//
//     text dialect                   ipc/wire/plain_text.h
//     terminal client, rookery-ctl,
//     the server's console           ipc/wire/safe_text.h
//     log                            ipc/log_line.cpp
//
// They are the control characters, which move the cursor, end the line or begin an escape sequence; the line and
// paragraph separators, which end a line for some programs; and the characters that set the reading direction, with
// which a line reads otherwise than it was sent. JSON lines carry all of them, escaped where JSON asks for it: a
// program decides itself what it shows.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ipc/wire/byte_scan.h"

namespace rookery::wire {

struct CharacterRange {
  char32_t first;
  char32_t last;
};

inline constexpr std::array kHarmfulCharacters{
    CharacterRange{0x0000, 0x001F},  // C0 controls; an output may keep the tab
    CharacterRange{0x007F, 0x009F},  // DEL and the C1 controls
    CharacterRange{0x061C, 0x061C},  // Arabic letter mark
    CharacterRange{0x200E, 0x200F},  // left-to-right and right-to-left mark
    CharacterRange{0x2028, 0x2029},  // line and paragraph separator
    CharacterRange{0x202A, 0x202E},  // embeddings and overrides of the direction
    CharacterRange{0x2066, 0x2069},  // isolates
};
inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";  // U+FFFD

[[nodiscard]] constexpr bool is_harmful(char32_t character) noexcept {
  return std::ranges::any_of(kHarmfulCharacters, [character](const CharacterRange& range) {
    return character >= range.first && character <= range.last;
  });
}

// A harmful character begins with such a byte; others may too.
[[nodiscard]] constexpr bool may_begin_harmful(unsigned char byte) noexcept {
  return byte < 0x20 || byte == 0x7F || byte == 0xC2 || byte == 0xD8 || byte == 0xE2;
}
[[nodiscard]] constexpr bool word_may_hold_harmful(std::uint64_t word) noexcept {
  return has_byte_below(word, 0x20) || has_byte(word, 0x7F) || has_byte(word, 0xC2) || has_byte(word, 0xD8) ||
         has_byte(word, 0xE2);
}
static_assert(std::ranges::all_of(kHarmfulCharacters, [](const CharacterRange& range) {
  for (char32_t c = range.first; c <= range.last; ++c) {
    const char32_t lead = c < 0x80 ? c : c < 0x800 ? 0xC0 | c >> 6 : 0xE0 | c >> 12;
    if (c > 0xFFFF || !may_begin_harmful(static_cast<unsigned char>(lead))) return false;
  }
  return true;
}));

// The character of one to three bytes at the start of `text`. REQUIRES: `text` is UTF-8, begins with it, and
// may_begin_harmful() is true of its first byte.
struct DecodedCharacter {
  char32_t character;
  std::size_t bytes;
};
[[nodiscard]] constexpr DecodedCharacter decode_short(std::string_view text) noexcept {
  const auto byte = [&text](std::size_t at) { return static_cast<char32_t>(static_cast<unsigned char>(text[at])); };
  if (byte(0) < 0x80 || text.size() < 2) return {byte(0), 1};
  if (byte(0) < 0xE0 || text.size() < 3) return {(byte(0) & 0x1F) << 6 | (byte(1) & 0x3F), 2};
  return {(byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F), 3};
}

// Appends `text` with instead_of(character), a std::string_view or std::string, in the place of each harmful character.
// Runs without any are appended whole. REQUIRES: `text` is UTF-8.
template <class InsteadOf>
void append_harmless(std::string& out, std::string_view text, InsteadOf instead_of) {
  std::size_t run = 0;  // what is not appended yet starts here
  std::size_t at = 0;
  while ((at = find_special(text, at, word_may_hold_harmful, may_begin_harmful)) < text.size()) {
    const DecodedCharacter found = decode_short(text.substr(at));
    if (is_harmful(found.character)) {
      out.append(text.data() + run, at - run);
      out.append(instead_of(found.character));
      run = at + found.bytes;
    }
    at += found.bytes;
  }
  out.append(text.data() + run, text.size() - run);
}

}  // namespace rookery::wire
