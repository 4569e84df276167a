#include "ipc/wire/http_request_line.h"

#include <algorithm>

namespace rookery::wire {
namespace {

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

// A token's character (RFC 9110, section 5.6.2).
constexpr bool is_token_character(char c) noexcept {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || kOthers.find(c) != std::string_view::npos;
}

// Takes the method and the blank behind it off `text`. Empty: there is none.
std::string_view take_method(std::string_view& text) noexcept {
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return {};
  const std::string_view method = text.substr(0, blank);
  if (!std::ranges::all_of(method, is_token_character)) return {};
  text.remove_prefix(blank + 1);
  return method;
}

// A page may choose any word for the method, but only the standard ones, all of capitals, go with a target of any form.
// So "we speak HTTP/1.1" is chat.
bool is_request(std::string_view method, std::string_view target) noexcept {
  if (method.empty() || target.empty()) return false;
  const bool is_capital = std::ranges::all_of(method, [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; });
  return is_capital || target.find_first_of("/*:") != std::string_view::npos;
}

constexpr std::string_view kVersionName = "HTTP/";

bool is_version(std::string_view word) noexcept {
  if (!word.starts_with(kVersionName)) return false;
  word.remove_prefix(kVersionName.size());
  return word.size() == 3 && is_digit(word[0]) && word[1] == '.' && is_digit(word[2]);
}

}  // namespace

bool is_http_request_line(std::string_view line) noexcept {
  const std::string_view method = take_method(line);
  const std::size_t blank = line.find(' ');
  return blank != std::string_view::npos && is_request(method, line.substr(0, blank)) &&
         is_version(line.substr(blank + 1));
}

bool may_begin_http_request_line(std::string_view part) noexcept {
  const std::string_view method = take_method(part);
  const std::size_t blank = part.find(' ');
  if (!is_request(method, part.substr(0, blank))) return false;
  if (blank == std::string_view::npos) return true;
  const std::string_view rest = part.substr(blank + 1);  // as much of the version as there is
  return kVersionName.starts_with(rest) || rest.starts_with(kVersionName);
}

}  // namespace rookery::wire
