// master/console/command_line.h
//
// The console's grammar: a line is a command's word and what belongs to it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace rookery::master {

enum class ConsoleVerb : unsigned char { List, Count, Workers, Broadcast, Kick, Drain, Scale, Upgrade, Help, Exit };

struct ConsoleCommand {
  ConsoleVerb verb = ConsoleVerb::Help;
  std::uint64_t number = 0;  // kick's client, drain's worker, scale's workers
  std::string text;          // broadcast's; kick's reason
};

// "code words for people", as it stands after ERR.
struct ConsoleRefusal {
  std::string why;
};

inline constexpr std::string_view kDefaultKickReason = "removed by the operator";

[[nodiscard]] std::variant<ConsoleCommand, ConsoleRefusal> parse_console_line(std::string_view line);

// Without the last OK.
[[nodiscard]] std::string console_help();

}  // namespace rookery::master
