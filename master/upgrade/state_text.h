// master/upgrade/state_text.h
//
// The form of a state's text: "KEY VALUE VALUE ...\n". Numbers are decimal; a text is '=' and its bytes, those that
// would be mistaken for something else as %XX. A list is a line for each element, with the same key.
//
//     StateWriter writer;   writer.line("port", port);        std::string text = writer.take();
//     StateReader reader(text);   reader.line("port", port);  // keeps what it has where there is no such line
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <concepts>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "master/upgrade/state.h"

namespace rookery::master {

[[nodiscard]] std::string in_quotes(std::string_view text);
[[nodiscard]] std::string out_of_quotes(std::string_view word);  // throws BadState

class StateWriter final {
 public:
  template <class... Values>
  void line(std::string_view key, const Values&... values) {
    text_ += key;
    (add(values), ...);
    text_ += '\n';
  }
  // fields(element, [](auto&... values)) names an element's fields.
  template <class Element, class Fields>
  void list(std::string_view key, const std::vector<Element>& elements, Fields fields) {
    for (const Element& element : elements) fields(element, [&](const auto&... values) { line(key, values...); });
  }

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void add(std::integral auto number) { fmt::format_to(std::back_inserter(text_), " {}", +number); }
  void add(bool flag) { text_ += flag ? " 1" : " 0"; }
  void add(const std::string& text) { text_ += ' ' + in_quotes(text); }

  std::string text_;
};

class StateReader final {
 public:
  explicit StateReader(std::string_view text);  // throws BadState

  template <class... Values>
  void line(std::string_view key, Values&... values) const {
    const auto found = lines_.find(key);
    if (found == lines_.end()) return;
    if (found->second.size() != 1) refuse(key);
    read(key, found->second.front(), values...);
  }
  template <class Element, class Fields>
  void list(std::string_view key, std::vector<Element>& elements, Fields fields) const {
    const auto found = lines_.find(key);
    if (found == lines_.end()) return;
    for (const Words& words : found->second)
      fields(elements.emplace_back(), [&](auto&... values) { read(key, words, values...); });
  }

 private:
  using Words = std::vector<std::string_view>;

  [[noreturn]] static void refuse(std::string_view key);

  // Words that are missing leave their values alone, words more than there are values are passed over.
  template <class... Values>
  static void read(std::string_view key, const Words& words, Values&... values) {
    std::size_t next = 0;
    const auto take = [&](auto& value) {
      if (next < words.size() && !parse(words[next++], value)) refuse(key);
    };
    (take(values), ...);
  }
  template <std::integral Number>
  [[nodiscard]] static bool parse(std::string_view word, Number& number) {
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    return error == std::errc{} && end == word.data() + word.size();
  }
  [[nodiscard]] static bool parse(std::string_view word, bool& flag) {
    flag = word == "1";
    return flag || word == "0";
  }
  [[nodiscard]] static bool parse(std::string_view word, std::string& text) {
    text = out_of_quotes(word);
    return true;
  }

  std::map<std::string_view, std::vector<Words>, std::less<>> lines_;
};

}  // namespace rookery::master
