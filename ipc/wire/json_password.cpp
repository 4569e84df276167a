// ipc/wire/json_password.cpp: finds keys and strings, no more of JSON's grammar; the parser judges the rest.
#include "ipc/wire/json_password.h"

#include <utf8.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <iterator>

namespace rookery::wire {
namespace {

constexpr std::string_view kKey = "password";
constexpr std::string_view kBlanks = " \t\n\r";
constexpr std::string_view kEscapes = "\"\\/bfnrt";
constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";

// What stands at the start of a string's content: a character, as one byte of UTF-8 or as an escape.
struct Piece {
  std::size_t bytes = 1;
  char32_t character = 0;
  bool is_escape = false;
  bool is_valid = true;
};

std::optional<std::uint32_t> read_hex(std::string_view text) noexcept {
  constexpr std::size_t kDigits = 4;
  std::uint32_t value = 0;
  const char* const begin = text.data();
  if (text.size() < kDigits) return std::nullopt;
  const auto [end, error] = std::from_chars(begin, begin + kDigits, value, 16);
  if (error != std::errc{} || end != begin + kDigits) return std::nullopt;
  return value;
}

// REQUIRES: `rest` is not empty.
Piece read_piece(std::string_view rest) noexcept {
  constexpr std::size_t kUnicodeBytes = 6;  // \u1234
  const Piece invalid{
      .bytes = std::min<std::size_t>(2, rest.size()), .character = 0, .is_escape = true, .is_valid = false};
  if (rest[0] != '\\') return {.bytes = 1, .character = static_cast<unsigned char>(rest[0])};
  if (rest.size() < 2) return invalid;
  if (const std::size_t simple = kEscapes.find(rest[1]); simple != std::string_view::npos)
    return {.bytes = 2, .character = static_cast<unsigned char>(kMeanings[simple]), .is_escape = true};
  const auto first = rest[1] == 'u' ? read_hex(rest.substr(2)) : std::nullopt;
  if (!first) return invalid;
  if (*first < 0xD800 || *first > 0xDFFF) return {.bytes = kUnicodeBytes, .character = *first, .is_escape = true};
  const std::string_view next = rest.substr(kUnicodeBytes);
  const auto second = next.starts_with("\\u") ? read_hex(next.substr(2)) : std::nullopt;
  if (*first > 0xDBFF || !second || *second < 0xDC00 || *second > 0xDFFF) return invalid;
  return {.bytes = 2 * kUnicodeBytes,
          .character = 0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00),
          .is_escape = true};
}

void append_decoded(std::string& out, std::string_view content) {
  while (!content.empty()) {
    const Piece piece = read_piece(content);
    if (!piece.is_valid) return;
    if (piece.is_escape)
      utf8::unchecked::append(piece.character, std::back_inserter(out));
    else
      out.push_back(content[0]);
    content.remove_prefix(piece.bytes);
  }
}

bool is_password_key(std::string_view content) {
  if (content == kKey) return true;
  if (content.find('\\') == std::string_view::npos) return false;
  std::string key;
  append_decoded(key, content);
  return key == kKey;
}

// Could there be such a key? Its letters are written as they are, or as \u00..
bool may_hold_password(std::string_view line) noexcept {
  return line.find(kKey) != std::string_view::npos || line.find("\\u00") != std::string_view::npos;
}

// The position of the quote that ends a string whose content begins at `at`, or the size.
std::size_t end_of_string(std::string_view line, std::size_t at) noexcept {
  while (at < line.size() && line[at] != '"') at += line[at] == '\\' ? std::size_t{2} : std::size_t{1};
  return std::min(at, line.size());
}

}  // namespace

PasswordMask::PasswordMask(std::string_view line) : line_(line) {
  if (may_hold_password(line)) scan();
}

void PasswordMask::scan() {
  std::size_t depth = 0;
  for (std::size_t at = 0; at < line_.size(); ++at) {
    const char c = line_[at];
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && depth > 0) --depth;
    if (c != '"') continue;
    const std::size_t end = end_of_string(line_, at + 1);
    const std::string_view content = line_.substr(at + 1, end - at - 1);
    at = end;
    if (depth != 1 || !is_password_key(content)) continue;
    // A key, if a colon follows.
    std::size_t next = line_.find_first_not_of(kBlanks, end + 1);
    if (next >= line_.size() || line_[next] != ':') continue;
    next = line_.find_first_not_of(kBlanks, next + 1);
    if (next >= line_.size() || line_[next] != '"') continue;
    at = end_of_string(line_, next + 1);
    mask(next + 1, at);
  }
}

void PasswordMask::mask(std::size_t begin, std::size_t end) {
  if (!copy_) copy_.emplace(line_);
  newest_ = line_.substr(begin, end - begin);
  for (std::size_t at = begin; at < end;) {
    const Piece piece = read_piece(line_.substr(at, end - at));
    const bool control = !piece.is_escape && piece.character < 0x20;  // the parser refuses it
    if (piece.is_valid && !control) std::fill_n(copy_->begin() + static_cast<std::ptrdiff_t>(at), piece.bytes, 'x');
    at += piece.bytes;
  }
}

void PasswordMask::unmask(std::string& password) const {
  if (!copy_) return;
  password.clear();
  password.reserve(newest_.size());  // an escape is never shorter than what it stands for: it grows no more
  append_decoded(password, newest_);
}

}  // namespace rookery::wire
