#include "master/console/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "ipc/wire/error_code.h"
#include "ipc/wire/limits.h"
#include "master/console/printable.h"
#include "master/options/nearest.h"

namespace rookery::master {

namespace {

enum class Arguments : unsigned char { None, Text, Number, ClientAndReason, WholeLine };

struct Entry {
  std::string_view word;
  ConsoleVerb verb;
  Arguments arguments;
  std::string_view usage;
  std::string_view explanation;
};

// To add a command: a verb, a row here, a case in Commands::run().
constexpr std::array kEntries{
    Entry{"status", ConsoleVerb::Status, Arguments::None, "status",
          "the server on one screen: what it is, who is there, how fast it goes, can one post"},
    Entry{"list", ConsoleVerb::List, Arguments::None, "list",
          "the clients: id, name, address, dialect, worker, since, messages"},
    Entry{"count", ConsoleVerb::Count, Arguments::None, "count", "how many clients there are"},
    Entry{"workers", ConsoleVerb::Workers, Arguments::None, "workers",
          "the processes: pid, state, age, restarts, heartbeat's age, clients, outbox depth"},
    Entry{"broadcast", ConsoleVerb::Broadcast, Arguments::Text, "broadcast TEXT", "a notice to every client"},
    Entry{"kick", ConsoleVerb::Kick, Arguments::ClientAndReason, "kick ID [REASON]", "close a client's connection"},
    Entry{"drain", ConsoleVerb::Drain, Arguments::Number, "drain SLOT",
          "hand a worker's clients to the others and keep it down until `scale`"},
    Entry{"scale", ConsoleVerb::Scale, Arguments::Number, "scale N", "have N workers; fewer hand their clients over"},
    Entry{"kill", ConsoleVerb::Kill, Arguments::Number, "kill SLOT",
          "end a worker by SIGKILL, for drills: its successor carries its clients on"},
    Entry{"upgrade", ConsoleVerb::Upgrade, Arguments::None, "upgrade",
          "the program installed by now takes over; nobody is dropped"},
    Entry{"reload", ConsoleVerb::Reload, Arguments::None, "reload",
          "read the configuration again and apply it; nobody is dropped"},
    Entry{"log-reopen", ConsoleVerb::LogReopen, Arguments::None, "log-reopen", "all processes open the log file anew"},
    Entry{"user", ConsoleVerb::AskLedger, Arguments::WholeLine, "user list [PREFIX]",
          "the accounts, in alphabetical order"},
    Entry{"user", ConsoleVerb::AskLedger, Arguments::WholeLine, "user add|passwd NAME HASH",
          "a new account, or a new password for one; HASH is of Argon2id"},
    Entry{"user", ConsoleVerb::AskLedger, Arguments::WholeLine, "user lock|unlock|remove NAME",
          "close an account's connections and let it log in no more, or again"},
    Entry{"ban", ConsoleVerb::AskLedger, Arguments::WholeLine, "ban MASK [--for TIME] [REASON]",
          "close all connections of an account, an address or a range (203.0.113.0/24), and take no more of them"},
    Entry{"unban", ConsoleVerb::AskLedger, Arguments::WholeLine, "unban MASK", "lift that ban, as `bans` lists it"},
    Entry{"bans", ConsoleVerb::AskLedger, Arguments::WholeLine, "bans", "who is banned, since when, how long, why"},
    Entry{"room", ConsoleVerb::AskLedger, Arguments::WholeLine, "room list",
          "rooms with history: messages kept, the oldest's and the newest's time"},
    Entry{"history", ConsoleVerb::AskLedger, Arguments::WholeLine, "history export [#ROOM] [FILE] [--force]",
          "what was said, as lines of JSON, into the data directory's backups/; --force replaces a file there"},
    Entry{"backup", ConsoleVerb::AskLedger, Arguments::WholeLine, "backup [FILE] [--force]",
          "a consistent copy of the store, into the data directory's backups/; --force replaces a file there"},
    Entry{"check", ConsoleVerb::AskLedger, Arguments::WholeLine, "check", "is the store whole?"},
    Entry{"help", ConsoleVerb::Help, Arguments::None, "help", "this list"},
    Entry{"exit", ConsoleVerb::Exit, Arguments::None, "exit", "shut the server down"},
};

constexpr std::string_view kBlanks = " \t";

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// The first word and the rest, both trimmed.
std::pair<std::string_view, std::string_view> split_first_word(std::string_view text) {
  text = trim(text);
  const std::size_t end = std::min(text.find_first_of(kBlanks), text.size());
  return {text.substr(0, end), trim(text.substr(end))};
}

ConsoleRefusal refuse(wire::ErrorCode code, std::string_view words) {
  return {fmt::format("{} {}", wire::to_string(code), words)};
}

ConsoleRefusal unknown(std::string_view word) {
  constexpr std::size_t kShown = 32;
  std::vector<std::string> words;
  for (const Entry& entry : kEntries) words.emplace_back(entry.word);
  const std::optional<std::string> guess = word.size() <= kShown ? nearest(word, words) : std::nullopt;
  return refuse(wire::ErrorCode::BadCommand,
                fmt::format("there is no command '{}' {}", printable(word.substr(0, kShown)),
                            guess ? fmt::format("(did you mean {}?)", *guess) : "(try help)"));
}

// What goes out to clients.
std::optional<ConsoleRefusal> check_text(std::string_view text) {
  if (!wire::is_valid_utf8(text)) return refuse(wire::ErrorCode::BadUtf8, "the text is not UTF-8");
  if (!text.empty() && !wire::is_valid_text(text)) return refuse(wire::ErrorCode::BadArgument, "the text holds a NUL");
  return std::nullopt;
}

}  // namespace

std::variant<ConsoleCommand, ConsoleRefusal> parse_console_line(std::string_view line) {
  const auto [word, rest] = split_first_word(line);
  if (word.empty()) return refuse(wire::ErrorCode::BadCommand, "which command? (try help)");
  const auto* entry = std::ranges::find(kEntries, word, &Entry::word);
  if (entry == kEntries.end()) return unknown(word);

  ConsoleCommand command{.verb = entry->verb, .number = 0, .text = std::string(rest)};
  const auto usage = [&] { return refuse(wire::ErrorCode::BadArgument, fmt::format("usage: {}", entry->usage)); };
  if (entry->arguments == Arguments::None) {
    if (!rest.empty()) return usage();
    return command;
  }
  if (entry->arguments == Arguments::WholeLine) {
    command.text = word;
    if (!rest.empty()) command.text.append(" ").append(rest);
    if (auto refusal = check_text(command.text)) return *refusal;
    return command;
  }
  if (rest.empty()) return usage();
  if (entry->arguments == Arguments::Number || entry->arguments == Arguments::ClientAndReason) {
    const auto [digits, reason] = split_first_word(rest);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), command.number);
    if (error != std::errc{} || end != digits.data() + digits.size()) return usage();
    if (entry->arguments == Arguments::Number && !reason.empty()) return usage();
    command.text = reason.empty() ? kDefaultKickReason : reason;
  }
  if (auto refusal = check_text(command.text)) return *refusal;
  return command;
}

bool take_json_word(std::string_view& line) {
  const auto [word, rest] = split_first_word(line);
  if (word != kJsonWord) return false;
  line = rest;
  return true;
}

std::vector<ConsoleHelp> console_help_entries() {
  std::vector<ConsoleHelp> entries;
  for (const Entry& entry : kEntries) entries.push_back({entry.usage, entry.explanation});
  entries.push_back({"json COMMAND", "the same command, its answer as one line of JSON"});
  return entries;
}

std::string console_help() {
  std::string out;
  for (const ConsoleHelp& entry : console_help_entries())
    fmt::format_to(std::back_inserter(out), "{:<29} {}\n", entry.usage, entry.explanation);
  return out;
}

}  // namespace rookery::master
