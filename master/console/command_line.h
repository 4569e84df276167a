// master/console/command_line.h
//
// The console's grammar: a line is a command's word and what belongs to it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rookery::master {

enum class ConsoleVerb : unsigned char {
  Status,
  List,
  Count,
  Workers,
  Broadcast,
  Kick,
  Drain,
  Scale,
  Kill,
  Upgrade,
  Reload,
  LogReopen,
  AskLedger,  // `text` is the whole line, which the ledger judges
  Help,
  Exit
};

struct ConsoleCommand {
  ConsoleVerb verb = ConsoleVerb::Help;
  std::uint64_t number = 0;  // kick's client, drain's and kill's worker, scale's workers
  std::string text;          // broadcast's; kick's reason
};

// "code words for people", as it stands after ERR.
struct ConsoleRefusal {
  std::string why;
};

inline constexpr std::string_view kDefaultKickReason = "removed by the operator";

[[nodiscard]] std::variant<ConsoleCommand, ConsoleRefusal> parse_console_line(std::string_view line);

// The word before a command that wants its answer as JSON.
inline constexpr std::string_view kJsonWord = "json";
// Takes it off the line, if it stands there.
[[nodiscard]] bool take_json_word(std::string_view& line);

struct ConsoleHelp {
  std::string_view usage;
  std::string_view explanation;
};
[[nodiscard]] std::vector<ConsoleHelp> console_help_entries();

// Without the last OK.
[[nodiscard]] std::string console_help();

}  // namespace rookery::master
