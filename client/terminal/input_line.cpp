#include "client/terminal/input_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "ipc/wire/limits.h"

namespace rookery::client {
namespace {

constexpr std::string_view kBlanks = " \t";

// What may stand before a command unseen, above all where a line was pasted.
constexpr std::array<std::string_view, 25> kUnseen{" ",      "\t",     "\r",     "\v",     "\f",     "\u00A0", "\u1680",
                                                   "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",
                                                   "\u2007", "\u2008", "\u2009", "\u200A", "\u200B", "\u200E", "\u200F",
                                                   "\u202F", "\u205F", "\u3000", "\uFEFF"};

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Takes the first word off `text`, which then starts with the next one.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
  text.remove_prefix(word.size());
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return word;
}

// The command's word, without its slash, and what follows it. Nothing when the line is none: with a blank before it it
// is one all the same, for nobody wants his password said in the room.
struct TypedCommand {
  std::string_view word;
  std::string_view arguments;
};

std::optional<TypedCommand> split_command(std::string_view line) {
  for (bool unseen = true; unseen;) {
    const auto* const found =
        std::ranges::find_if(kUnseen, [&line](std::string_view character) { return line.starts_with(character); });
    unseen = found != kUnseen.end();
    if (unseen) line.remove_prefix(found->size());
  }
  if (!line.starts_with('/')) return std::nullopt;
  TypedCommand command{.word = {}, .arguments = line.substr(1)};
  command.word = take_word(command.arguments);
  return command;
}

std::string lower(std::string_view word) {
  std::string out(word);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// A reader takes what follows the command's word; nothing when the arguments are not of its shape.
using Arguments = std::string_view;
using Outcome = std::optional<Input>;

Outcome read_account(std::string op, Arguments arguments) {
  const std::string_view name = take_word(arguments);
  if (name.empty()) return std::nullopt;
  if (arguments.empty()) return PasswordNeeded{std::move(op), std::string(name)};
  Request request{.op = std::move(op)};
  request.name = name;
  request.password = arguments;
  return request;
}

Outcome read_register(Arguments arguments, std::string_view) {
  return read_account("register", arguments);
}
Outcome read_login(Arguments arguments, std::string_view) {
  return read_account("login", arguments);
}

Outcome read_text(std::string op, Arguments arguments) {
  if (trimmed(arguments).empty()) return std::nullopt;
  Request request{.op = std::move(op)};
  request.text = arguments;
  return request;
}

Outcome read_broadcast(Arguments arguments, std::string_view) {
  return read_text("broadcast", arguments);
}
Outcome read_count(Arguments arguments, std::string_view) {
  return read_text("count", arguments);
}
Outcome read_echo(Arguments arguments, std::string_view) {
  return read_text("echo", arguments);
}

Outcome read_say(Arguments arguments, std::string_view) {
  const std::string_view room = take_word(arguments);
  if (room.empty() || arguments.empty()) return std::nullopt;
  Request request{.op = "say"};
  request.room = room;
  request.text = arguments;
  return request;
}

Outcome read_msg(Arguments arguments, std::string_view) {
  const std::string_view to = take_word(arguments);
  if (to.empty() || arguments.empty()) return std::nullopt;
  Request request{.op = "msg"};
  request.to = to;
  request.text = arguments;
  return request;
}

Outcome read_join(Arguments arguments, std::string_view) {
  const std::string_view room = take_word(arguments);
  if (room.empty() || !arguments.empty()) return std::nullopt;
  Request request{.op = "join"};
  request.room = room;
  return request;
}

Outcome read_leave(Arguments arguments, std::string_view current_room) {
  const std::string_view room = take_word(arguments);
  if (!arguments.empty()) return std::nullopt;
  Request request{.op = "leave"};
  request.room = room.empty() ? current_room : room;
  return request;
}

Outcome read_presence(Arguments arguments, std::string_view) {
  const std::string word = lower(take_word(arguments));
  if (!arguments.empty() || (word != "on" && word != "off")) return std::nullopt;
  Request request{.op = "presence"};
  request.on = word == "on";
  return request;
}

Outcome read_history(Arguments arguments, std::string_view current_room) {
  Request request{.op = "history"};
  request.room = current_room;
  std::string_view word = take_word(arguments);
  if (word.starts_with('#')) {
    request.room = word;
    word = take_word(arguments);
  }
  if (!arguments.empty()) return std::nullopt;
  if (word.empty()) return request;
  std::uint64_t limit = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), limit);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  request.limit = limit;
  return request;
}

Outcome read_room(Arguments arguments, std::string_view) {
  const std::string_view room = take_word(arguments);
  if (!arguments.empty() || !wire::is_valid_room(room)) return std::nullopt;
  return RoomSwitch{std::string(room)};
}

Outcome read_plain(std::string op, Arguments arguments) {
  if (!arguments.empty()) return std::nullopt;
  return Request{.op = std::move(op)};
}

Outcome read_logout(Arguments arguments, std::string_view) {
  return read_plain("logout", arguments);
}
Outcome read_rooms(Arguments arguments, std::string_view) {
  return read_plain("rooms", arguments);
}
Outcome read_list(Arguments arguments, std::string_view) {
  return read_plain("list", arguments);
}
Outcome read_ping(Arguments arguments, std::string_view) {
  return read_plain("ping", arguments);
}
Outcome read_help(Arguments, std::string_view) {
  return HelpWanted{};
}
Outcome read_quit(Arguments, std::string_view) {
  return QuitWanted{};
}

struct CommandWord {
  std::string_view word;
  std::string_view arguments;
  std::string_view purpose;
  Outcome (*read)(Arguments, std::string_view current_room);
};

constexpr std::array kCommands{
    CommandWord{"register", "NAME [PASSWORD]", "make an account", read_register},
    CommandWord{"login", "NAME [PASSWORD]", "log in; without a password it is asked for", read_login},
    CommandWord{"logout", "", "be a guest again", read_logout},
    CommandWord{"broadcast", "TEXT", "say something to everybody, short /b", read_broadcast},
    CommandWord{"b", "TEXT", "", read_broadcast},
    CommandWord{"say", "#ROOM TEXT", "say something in another room", read_say},
    CommandWord{"msg", "NAME TEXT", "say something to one person", read_msg},
    CommandWord{"join", "#ROOM", "enter a room and make it the current one", read_join},
    CommandWord{"leave", "[#ROOM]", "leave a room", read_leave},
    CommandWord{"room", "#ROOM", "make a room you are in the current one", read_room},
    CommandWord{"rooms", "", "list the rooms", read_rooms},
    CommandWord{"presence", "on|off", "be told who comes and goes, or not", read_presence},
    CommandWord{"list", "", "list who is connected", read_list},
    CommandWord{"history", "[#ROOM] [N]", "the last messages of a room", read_history},
    CommandWord{"count", "TEXT", "count words, characters and vowels", read_count},
    CommandWord{"ping", "", "see whether the server answers", read_ping},
    CommandWord{"echo", "TEXT", "have the server send it back", read_echo},
    CommandWord{"help", "", "this list", read_help},
    CommandWord{"quit", "", "leave, as quit and exit without a slash do", read_quit},
};

const CommandWord* find_command(std::string_view word) {
  const std::string wanted = lower(word);
  const auto* found = std::find_if(kCommands.begin(), kCommands.end(),
                                   [&wanted](const CommandWord& command) { return command.word == wanted; });
  return found == kCommands.end() ? nullptr : found;
}

}  // namespace

Input parse_input(std::string_view line, std::string_view current_room) {
  if (!wire::is_valid_utf8(line)) return InputRefusal{"bad-utf8", "the line is not UTF-8"};
  const std::string_view bare = trimmed(line);
  if (bare.empty()) return NothingTyped{};
  if (bare == "quit" || bare == "exit") return QuitWanted{};
  const std::optional<TypedCommand> typed = split_command(line);
  if (!typed) {
    Request request{.op = "say"};
    request.room = current_room;
    request.text = line;
    return request;
  }
  const CommandWord* command = find_command(typed->word);
  if (command == nullptr) return InputRefusal{"bad-command", fmt::format("there is no /{}; see /help", typed->word)};
  if (Outcome outcome = command->read(typed->arguments, current_room)) return std::move(*outcome);
  return InputRefusal{"bad-argument", fmt::format("usage: /{} {}", command->word, command->arguments)};
}

std::string input_help() {
  std::string out = "A line without a slash is said in the current room. Commands:\n";
  for (const CommandWord& command : kCommands) {
    if (command.purpose.empty()) continue;
    out += fmt::format("  {:<26} {}\n", fmt::format("/{} {}", command.word, command.arguments), command.purpose);
  }
  out.pop_back();
  return out;
}

bool holds_password(std::string_view line) {
  return without_password(line) != line;
}

std::string without_password(std::string_view line) {
  std::optional<TypedCommand> typed = split_command(line);
  if (!typed) return std::string(line);
  const std::string word = lower(typed->word);
  if (word != "login" && word != "register") return std::string(line);
  const std::string_view name = take_word(typed->arguments);
  if (typed->arguments.empty()) return std::string(line);
  return fmt::format("/{} {} ...", word, name);
}

bool belongs_in_history_file(std::string_view line) {
  const Input input = parse_input(line, wire::kLobby);
  return !std::holds_alternative<NothingTyped>(input) && !std::holds_alternative<InputRefusal>(input) &&
         !holds_password(line);
}

}  // namespace rookery::client
