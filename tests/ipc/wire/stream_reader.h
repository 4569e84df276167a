// tests/ipc/wire/stream_reader.h
//
// Does with a connection's bytes what a session does: keeps what is incomplete, cuts lines, parses them. Every outcome
// becomes a string that names all its fields, so that two readings of a stream are compared by ==.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ipc/wire/dialect.h"
#include "ipc/wire/line_framing.h"

namespace rookery::wire {

inline std::string quoted(std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string result = "'";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F && c != '%') {
      result.push_back(c);
    } else {
      result.push_back('%');
      result.push_back(kHex[byte >> 4]);
      result.push_back(kHex[byte & 0xF]);
    }
  }
  return result.append("'");
}

// `echo text='hello'`, or `refused bad-argument op='join' message='...'`. Fields that are as in Command{} are left out.
inline std::string describe(const ParseOutcome& outcome) {
  std::string result;
  const auto field = [&result](const char* name, std::string_view value) {
    if (!value.empty()) result.append(" ").append(name).append("=").append(quoted(value));
  };
  if (const auto* refusal = std::get_if<Refusal>(&outcome)) {
    result.append("refused ").append(to_string(refusal->code));
    field("op", refusal->op);
    field("id", refusal->id);
    field("message", refusal->message);
    return result;
  }
  const auto& command = std::get<Command>(outcome);
  result.append(to_string(command.op));
  field("name", command.name);
  field("password", command.password);
  field("room", command.room);
  field("text", command.text);
  if (command.on) result.append(" on");
  if (command.limit != kDefaultHistoryMessages) result.append(" limit=").append(std::to_string(command.limit));
  if (command.before) result.append(" before=").append(std::to_string(*command.before));
  if (command.after) result.append(" after=").append(std::to_string(*command.after));
  field("epoch", command.epoch);
  if (command.seq != 0) result.append(" seq=").append(std::to_string(command.seq));
  field("id", command.id);
  return result;
}

class StreamReader {
 public:
  explicit StreamReader(DialectId id) : dialect_(dialect(id)) {}

  void feed(std::string_view piece) {
    buffer_.append(piece);
    std::size_t consumed = 0;
    for (;;) {
      const Frame frame = next_line(std::string_view(buffer_).substr(consumed), discarding_, scanned_);
      consumed += frame.consumed;
      scanned_ = 0;
      if (frame.kind == FrameKind::Incomplete) break;
      if (frame.kind == FrameKind::TooLong)
        outcomes_.emplace_back("too long");
      else
        outcomes_.push_back(describe(dialect_.parse(frame.line, storage_)));
    }
    buffer_.erase(0, consumed);
    scanned_ = buffer_.size();
    largest_rest_ = std::max(largest_rest_, buffer_.size());
  }

  [[nodiscard]] const std::vector<std::string>& outcomes() const noexcept { return outcomes_; }
  // The most bytes that had to be kept between two pieces.
  [[nodiscard]] std::size_t largest_rest() const noexcept { return largest_rest_; }

 private:
  const Dialect& dialect_;
  CommandStorage storage_;
  std::string buffer_;
  std::size_t scanned_ = 0;
  std::size_t largest_rest_ = 0;
  bool discarding_ = false;
  std::vector<std::string> outcomes_;
};

}  // namespace rookery::wire
