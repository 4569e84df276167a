// worker/pool/text_statistics.h
//
// What /count tells about a text: four pure functions, so that four threads can work on one text at a time.
//
// The text is UTF-8. Bytes that are not are still counted somehow, never read beyond. White space is that of ASCII
// (space, \t \n \v \f \r). A letter is A-Z, a-z and every character from U+0080 on; digits and punctuation are none.
#pragma once

#include <cstddef>
#include <string_view>

namespace rookery::worker {

// Words are what white space separates.
[[nodiscard]] std::size_t count_words(std::string_view text) noexcept;

// Code points: an é written as e and a combining accent is two.
[[nodiscard]] std::size_t count_characters(std::string_view text) noexcept;

// aeiou and AEIOU; an accented vowel is none.
[[nodiscard]] std::size_t count_vowels(std::string_view text) noexcept;

// Words with an odd number of letters: "it's" has three, "42" none, and none is even.
[[nodiscard]] std::size_t count_odd_words(std::string_view text) noexcept;

}  // namespace rookery::worker
