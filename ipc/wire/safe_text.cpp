#include "ipc/wire/safe_text.h"

#include <utf8.h>

#include <iterator>

#include "ipc/wire/harmful_characters.h"

namespace rookery::wire {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kControlPictures = 0x2400;  // U+2400 shows NUL, U+241B ESC, and so on
constexpr char32_t kDeletePicture = 0x2421;

std::string as_utf8(char32_t character) {
  std::string out;
  utf8::unchecked::append(character, std::back_inserter(out));
  return out;
}

std::string picture_of(char32_t harmful) {
  if (harmful < 0x20) return as_utf8(kControlPictures + harmful);
  return as_utf8(harmful == 0x7F ? kDeletePicture : kReplacement);
}

}  // namespace

std::string make_valid_utf8(std::string_view bytes) {
  std::string valid;
  valid.reserve(bytes.size());
  utf8::replace_invalid(bytes.begin(), bytes.end(), std::back_inserter(valid), kReplacement);
  return valid;
}

std::string make_harmless(std::string_view untrusted, bool keep_tabs) {
  std::string out;
  append_harmless(out, make_valid_utf8(untrusted), [keep_tabs](char32_t character) {
    if (character == '\t') return std::string(keep_tabs ? "\t" : " ");
    return picture_of(character);
  });
  return out;
}

std::string make_lines_harmless(std::string_view untrusted) {
  std::string out;
  append_harmless(out, make_valid_utf8(untrusted), [](char32_t character) {
    return character == '\t' || character == '\n' ? std::string(1, static_cast<char>(character))
                                                  : picture_of(character);
  });
  return out;
}

}  // namespace rookery::wire
