// tests/bench/support/lines.h
//
// What clients send and get, in either dialect.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rookery::bench {

enum class DialectChoice : unsigned char { Text, Json };

[[nodiscard]] std::string ping_line(DialectChoice dialect);
// Says `text_bytes` of text in a room.
[[nodiscard]] std::string say_line(DialectChoice dialect, std::size_t text_bytes, std::string_view room = "#lobby");

// The answer to a command, as opposed to a message from somebody. Also that of Redis to PUBLISH.
[[nodiscard]] bool is_answer(std::string_view line) noexcept;

// Cuts what comes in pieces into lines, without their ends.
class LineCutter final {
 public:
  template <class OnLine>
  void feed(std::string_view bytes, OnLine on_line) {
    for (std::size_t end; (end = bytes.find('\n')) != std::string_view::npos; bytes.remove_prefix(end + 1)) {
      if (held_.empty()) {
        on_line(bytes.substr(0, end));
        continue;
      }
      held_.append(bytes.substr(0, end));
      on_line(std::string_view(held_));
      held_.clear();
    }
    held_.append(bytes);
  }

 private:
  std::string held_;
};

}  // namespace rookery::bench
