#include "worker/pool/text_statistics.h"

#include <algorithm>

namespace rookery::worker {
namespace {

constexpr std::string_view kWhiteSpace = " \t\n\v\f\r";
constexpr std::string_view kVowels = "aeiouAEIOU";

// Every code point has exactly one byte that is not a continuation byte (10xxxxxx), its first.
bool starts_character(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
}

// std::isalpha would ask the locale.
bool starts_letter(char byte) noexcept {
  return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
         (static_cast<unsigned char>(byte) >= 0x80 && starts_character(byte));
}

template <class Predicate>
std::size_t count_bytes(std::string_view text, Predicate predicate) noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(text, predicate));
}

template <class Predicate>
std::size_t count_words_if(std::string_view text, Predicate predicate) noexcept {
  std::size_t count = 0;
  std::size_t begin = text.find_first_not_of(kWhiteSpace);
  while (begin != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(kWhiteSpace, begin), text.size());
    if (predicate(text.substr(begin, end - begin))) ++count;
    begin = text.find_first_not_of(kWhiteSpace, end);
  }
  return count;
}

}  // namespace

std::size_t count_words(std::string_view text) noexcept {
  return count_words_if(text, [](std::string_view) { return true; });
}

std::size_t count_characters(std::string_view text) noexcept {
  return count_bytes(text, starts_character);
}

std::size_t count_vowels(std::string_view text) noexcept {
  return count_bytes(text, [](char byte) { return kVowels.find(byte) != std::string_view::npos; });
}

std::size_t count_odd_words(std::string_view text) noexcept {
  return count_words_if(text, [](std::string_view word) { return count_bytes(word, starts_letter) % 2 == 1; });
}

}  // namespace rookery::worker
