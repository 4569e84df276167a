#include "master/upgrade/state_text.h"

#include <algorithm>
#include <cstdint>

namespace rookery::master {

namespace {

constexpr char kTextBegins = '=';
constexpr std::size_t kLongestKey = 64;

bool stands_for_itself(char c) noexcept {
  return c > ' ' && c <= '~' && c != '%';
}

}  // namespace

std::string in_quotes(std::string_view text) {
  std::string word(1, kTextBegins);
  for (const char c : text) {
    if (stands_for_itself(c))
      word += c;
    else
      fmt::format_to(std::back_inserter(word), "%{:02x}", static_cast<std::uint8_t>(c));
  }
  return word;
}

std::string out_of_quotes(std::string_view word) {
  if (!word.starts_with(kTextBegins)) throw BadState("a text does not begin like one");
  std::string text;
  for (std::size_t i = 1; i < word.size(); ++i) {
    if (word[i] != '%') {
      text += word[i];
      continue;
    }
    std::uint8_t byte = 0;
    const char* const digits = word.data() + i + 1;
    if (word.size() - i < 3 || std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2)
      throw BadState("a text is cut short");
    text += static_cast<char>(byte);
    i += 2;
  }
  return text;
}

StateReader::StateReader(std::string_view text) {
  if (text.empty() || text.back() != '\n') throw BadState("it has no end");
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    Words words;
    while (!line.empty()) {
      const std::size_t space = std::min(line.find(' '), line.size());
      words.push_back(line.substr(0, space));
      line.remove_prefix(std::min(space + 1, line.size()));
    }
    if (words.empty()) throw BadState("a line of it is empty");
    const std::string_view key = words.front();
    words.erase(words.begin());
    lines_[key].push_back(std::move(words));
  }
}

void StateReader::refuse(std::string_view key) {
  throw BadState(fmt::format("its field '{}' makes no sense", key.substr(0, kLongestKey)));
}

}  // namespace rookery::master
