// client/load/report/fill.cpp
#include "client/load/report/fill.h"

#include <stdexcept>

namespace rookery::load {

std::string fill(std::string_view page, const std::map<std::string, std::string, std::less<>>& values) {
  std::string filled;
  while (true) {
    const std::size_t begin = page.find("{{");
    filled += page.substr(0, begin);
    if (begin == std::string_view::npos) return filled;
    const std::size_t end = page.find("}}", begin);
    if (end == std::string_view::npos) throw std::logic_error("a place in the page has no end");
    const std::string_view name = page.substr(begin + 2, end - begin - 2);
    const auto value = values.find(name);
    if (value == values.end()) throw std::logic_error("a place in the page has no value: " + std::string(name));
    filled += value->second;
    page.remove_prefix(end + 2);
  }
}

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char letter : text) {
    switch (letter) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += letter;
    }
  }
  return escaped;
}

std::string escape_script_data(std::string_view json) {
  std::string escaped;
  for (const char letter : json) {
    if (letter == '<')
      escaped += "\\u003c";  // outside of strings JSON has none
    else
      escaped += letter;
  }
  return escaped;
}

}  // namespace rookery::load
