#include "tests/fault/takeover/answer.h"

#include <algorithm>

namespace rookery::system_test {
namespace {

constexpr std::size_t kTimeBytes = 24;  // 2026-11-21T10:00:00.123Z

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

}  // namespace

bool fits(std::string_view pattern, std::string_view line, Captured& captured) {
  std::size_t numbers = 0;
  std::size_t at = 0;
  for (const char c : pattern) {
    if (c == kRest[0]) return true;
    if (c == kDigits[0]) {
      const std::size_t begin = at;
      std::uint64_t value = 0;
      for (; at < line.size() && is_digit(line[at]) && at - begin < 19; ++at)
        value = value * 10 + static_cast<std::uint64_t>(line[at] - '0');
      if (at == begin) return false;
      if (numbers < captured.numbers.size()) captured.numbers[numbers++] = value;
    } else if (c == kDecimal[0]) {
      const std::size_t begin = at;
      while (at < line.size() && (is_digit(line[at]) || line[at] == '.')) ++at;
      if (at == begin) return false;
    } else if (c == kTime[0]) {
      if (line.size() - at < kTimeBytes) return false;
      captured.time = line.substr(at, kTimeBytes);
      if (captured.time.find('"') != std::string_view::npos) return false;
      at += kTimeBytes;
    } else {
      if (at >= line.size() || line[at] != c) return false;
      ++at;
    }
  }
  return at == line.size();
}

}  // namespace rookery::system_test
