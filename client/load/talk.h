// client/load/talk.h
//
// The requests and answers that only whole conversations need, beside those of speech.h: accounts, rooms, direct
// messages, counts, history. Answers are read strictly: what is not exactly the answer to such a request is none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/wire/dialect.h"

namespace rookery::load {

struct LoggedIn {
  std::string name;
  std::uint64_t client = 0;
};

struct Counted {
  std::uint64_t words = 0, characters = 0, vowels = 0, odd_words = 0;
  bool operator==(const Counted&) const = default;
};

struct HistoryItem {
  std::string room, text, sender;
  std::uint64_t client = 0;  // the sender's
  std::uint64_t seq = 0;     // JSON lines
};

class Talk final {
 public:
  explicit Talk(wire::DialectId dialect) noexcept : json_(dialect == wire::DialectId::JsonLines) {}

  // As in Speech: append one request, a whole line.
  void broadcast(std::string& out, std::uint64_t id, std::string_view text) const;
  void message(std::string& out, std::uint64_t id, std::string_view to, std::string_view text) const;
  void count(std::string& out, std::uint64_t id, std::string_view text) const;
  void history(std::string& out, std::uint64_t id, std::string_view room, std::uint32_t limit) const;

  [[nodiscard]] std::optional<std::string> registered(std::string_view line) const;  // the name
  [[nodiscard]] std::optional<LoggedIn> logged_in(std::string_view line) const;
  [[nodiscard]] bool logged_out(std::string_view line) const;
  [[nodiscard]] bool joined(std::string_view line, std::string_view room) const;
  [[nodiscard]] bool left(std::string_view line, std::string_view room) const;
  [[nodiscard]] bool said_bye(std::string_view line) const;
  [[nodiscard]] std::optional<Counted> counted(std::string_view line) const;
  // Text dialect: the line after so many messages, which came right before it with nothing between them.
  [[nodiscard]] std::optional<std::uint64_t> history_end(std::string_view line) const;
  // JSON lines: all of it.
  [[nodiscard]] std::optional<std::vector<HistoryItem>> history_answer(std::string_view line) const;

 private:
  bool json_;
};

}  // namespace rookery::load
