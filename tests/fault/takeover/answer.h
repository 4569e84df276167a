// tests/fault/takeover/answer.h
//
// What a request is answered, to the byte. In a pattern a few control characters stand for what nobody can know before:
//
//   fits("OK logged in as u1, client " + kDigits, line, captured)   // captured.numbers[0] is the client's id
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::system_test {

inline const std::string kDigits = "\x01";   // a whole number, captured
inline const std::string kDecimal = "\x02";  // a number with or without a point
inline const std::string kTime = "\x03";     // 24 characters, captured
inline const std::string kRest = "\x04";     // anything to the end of the line

struct Captured {
  std::array<std::uint64_t, 4> numbers{};  // in the order of the pattern
  std::string_view time;
};

// The whole line is as the pattern says.
[[nodiscard]] bool fits(std::string_view pattern, std::string_view line, Captured& captured);

enum class Meaning : std::uint8_t {
  Plain,     // `lines`, then `more`, in this order and nothing else
  Posted,    // the same; the first number is the seq of a post
  LoggedIn,  // the same; the first number is the client's id
  List       // any number of lines as lines[0], then one as lines[1], which says how many
};

using Lines = std::vector<std::string>;

struct Answer {
  Meaning meaning = Meaning::Plain;
  bool uninterrupted = false;  // no event may stand between its lines
  std::uint64_t post = 0;      // which of the client's posts
  Lines lines;
  std::shared_ptr<const Lines> more;  // shared by all who ask for the same

  std::size_t taken = 0;  // lines that have come

  [[nodiscard]] std::size_t size() const noexcept { return lines.size() + (more ? more->size() : 0); }
  [[nodiscard]] const std::string& line(std::size_t index) const {
    return index < lines.size() ? lines[index] : more->at(index - lines.size());
  }
};

[[nodiscard]] inline Answer plain(std::string pattern) {
  Answer answer;
  answer.lines.push_back(std::move(pattern));
  return answer;
}

}  // namespace rookery::system_test
