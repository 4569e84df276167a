// ipc/wire/text_commands.cpp: the table behind /help, usages and guesses.
#include "ipc/wire/text_commands.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace rookery::wire {
namespace {

constexpr std::array kCommands = {
    TextCommand{Op::Register, "/register NAME PASSWORD", "make an account"},
    TextCommand{Op::Login, "/login NAME PASSWORD", "log in to an account"},
    TextCommand{Op::Logout, "/logout", "become a guest again"},
    TextCommand{Op::Broadcast, "/broadcast TEXT", "say something to everybody; short: /b TEXT"},
    TextCommand{Op::Say, "/say #ROOM TEXT", "say something in a room"},
    TextCommand{Op::Msg, "/msg NAME TEXT", "say something to one person"},
    TextCommand{Op::Join, "/join #ROOM", "enter a room"},
    TextCommand{Op::Leave, "/leave #ROOM", "leave a room"},
    TextCommand{Op::Rooms, "/rooms", "the rooms, and how many are in each"},
    TextCommand{Op::Presence, "/presence on|off", "be told who joins and leaves your rooms"},
    TextCommand{Op::List, "/list", "who is here: id, name and worker"},
    TextCommand{Op::History, "/history [#ROOM] [N]", "the last N messages of a room; #lobby and 50 unless you say"},
    TextCommand{Op::Count, "/count TEXT", "count words, characters, vowels and words with an odd number of letters"},
    TextCommand{Op::Ping, "/ping", "answered when all you sent before has taken effect"},
    TextCommand{Op::Help, "/help", "this list"},
    TextCommand{Op::Quit, "/quit", "end the connection"},
};
static_assert(kCommands.size() + 2 == kOpCount, "every op but echo, and resume: text messages show no numbers");

constexpr std::size_t kLongestWord = 9;  // register is 8, broadcast 9
constexpr std::size_t kGuessDistance = 2;
constexpr std::size_t kLongestGuess = kLongestWord + kGuessDistance;

struct LowerWord {
  std::array<char, kLongestGuess> letters{};
  std::size_t size = 0;
  [[nodiscard]] std::string_view view() const noexcept { return {letters.data(), size}; }
};

// REQUIRES: word.size() <= kLongestGuess.
LowerWord lower(std::string_view word) noexcept {
  LowerWord result;
  for (const char c : word) result.letters[result.size++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

// Levenshtein's distance, one row at a time. REQUIRES: neither word is longer than kLongestGuess.
std::size_t edit_distance(std::string_view a, std::string_view b) noexcept {
  std::array<std::size_t, kLongestGuess + 1> row{};
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::span<const TextCommand> text_commands() noexcept {
  return kCommands;
}

const TextCommand* find_text_command(std::string_view word) noexcept {
  if (word.size() > kLongestWord) return nullptr;
  const LowerWord lowered = lower(word);
  const std::string_view name = lowered.view() == "b" ? "broadcast" : lowered.view();
  for (const TextCommand& command : kCommands)
    if (to_string(command.op) == name) return &command;
  return nullptr;
}

const TextCommand* nearest_text_command(std::string_view word) noexcept {
  if (word.size() > kLongestGuess) return nullptr;
  const LowerWord lowered = lower(word);
  const TextCommand* nearest = nullptr;
  std::size_t best = std::min(kGuessDistance + 1, word.size());
  for (const TextCommand& command : kCommands) {
    const std::size_t distance = edit_distance(lowered.view(), to_string(command.op));
    if (distance >= best) continue;
    best = distance;
    nearest = &command;
  }
  return nearest;
}

}  // namespace rookery::wire
