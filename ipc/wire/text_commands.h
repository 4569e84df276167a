// ipc/wire/text_commands.h
//
// The commands of the text dialect: their words, how to use them, and what to guess when a word is none of them.
#pragma once

#include <span>
#include <string_view>

#include "ipc/wire/command.h"

namespace rookery::wire {

struct TextCommand {
  Op op;
  std::string_view usage;    // "/join #ROOM"
  std::string_view purpose;  // for /help
};

// In the order of /help. Echo is not among them: it is a line without a slash.
[[nodiscard]] std::span<const TextCommand> text_commands() noexcept;

// The command that a word after the slash names, in any case; "b" is short for broadcast. Null for other words.
[[nodiscard]] const TextCommand* find_text_command(std::string_view word) noexcept;

// The command whose word is most like `word`, or null if none is within two inserted, missing or wrong letters. A guess
// that leaves no letter of `word` where it was is none.
[[nodiscard]] const TextCommand* nearest_text_command(std::string_view word) noexcept;

}  // namespace rookery::wire
