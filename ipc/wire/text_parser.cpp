// ipc/wire/text_parser.cpp: a line of text to a command.
#include <algorithm>
#include <charconv>

#include "ipc/wire/limits.h"
#include "ipc/wire/text_commands.h"
#include "ipc/wire/text_dialect.h"

namespace rookery::wire {
namespace {

constexpr std::string_view kNameRule = "a name is 1 to 32 of A-Z a-z 0-9 _ -";
constexpr std::string_view kRoomRule = "a room is # and 1 to 32 of A-Z a-z 0-9 _ -";
constexpr std::string_view kPasswordRule = "a password is one word of 8 to 128 bytes";
constexpr std::string_view kTextRule = "a text may not hold a NUL byte";
constexpr std::string_view kLimitRule = "N is a number from 1 to 1000";

// What follows the command's word. Words are separated by any number of spaces; a text starts after exactly one.
class Arguments {
 public:
  explicit Arguments(std::string_view rest) : rest_(rest) {}

  // Empty when there are no more.
  std::string_view word() noexcept {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
    const std::string_view found = rest_.substr(0, rest_.find(' '));
    rest_.remove_prefix(found.size());
    return found;
  }

  std::string_view text() noexcept { return rest_.empty() ? rest_ : rest_.substr(1); }

  [[nodiscard]] bool at_end() const noexcept { return rest_.find_first_not_of(' ') == std::string_view::npos; }

 private:
  std::string_view rest_;
};

bool is_same_word(std::string_view word, std::string_view lower_case) noexcept {
  if (word.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i)
    if (word[i] != lower_case[i] && word[i] != lower_case[i] - 'a' + 'A') return false;
  return true;
}

bool read_limit(std::string_view word, std::uint32_t& limit) noexcept {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), limit);
  return error == std::errc{} && end == word.data() + word.size() && limit >= 1 && limit <= kMaxHistoryMessages;
}

// Fills in the arguments of one command. What is wrong with an argument that is there, `rule` says; of one that is
// missing or too many, the usage says enough.
class ArgumentReader {
 public:
  ArgumentReader(std::string_view rest, Command& command) : arguments_(rest), command_(command) {}

  [[nodiscard]] bool read() noexcept {
    switch (command_.op) {
      case Op::Register:
        return name() && !reserved() && password() && arguments_.at_end();
      case Op::Login:
        return name() && password() && arguments_.at_end();
      case Op::Broadcast:
      case Op::Count:
        return text();
      case Op::Say:
        return room() && text();
      case Op::Msg:
        return name() && text();
      case Op::Join:
      case Op::Leave:
        return room() && arguments_.at_end();
      case Op::Presence:
        return on_or_off() && arguments_.at_end();
      case Op::History:
        return history() && arguments_.at_end();
      case Op::Echo:
      case Op::Resume:
      case Op::Logout:
      case Op::Rooms:
      case Op::List:
      case Op::Ping:
      case Op::Help:
      case Op::Quit:
        return arguments_.at_end();
    }
    return false;
  }

  [[nodiscard]] std::string_view rule() const noexcept { return rule_; }

  // A login with a password that no account can have is well formed, and fails as any wrong password does.
  [[nodiscard]] bool is_hopeless_login() const noexcept { return hopeless_password_ && arguments_.at_end(); }

 private:
  bool broken(std::string_view rule) noexcept {
    rule_ = rule;
    return false;
  }

  bool name() noexcept {
    command_.name = arguments_.word();
    return is_valid_name(command_.name) || (!command_.name.empty() && broken(kNameRule));
  }

  bool reserved() noexcept {
    if (!is_reserved_name(command_.name)) return false;
    broken(is_guest_name(command_.name) ? "the server gives names like guest12 itself" : "that name is reserved");
    return true;
  }

  bool password() noexcept {
    command_.password = arguments_.word();
    if (is_valid_password(command_.password)) return true;
    if (command_.password.empty()) return false;
    hopeless_password_ = command_.op == Op::Login;
    return broken(kPasswordRule);
  }

  bool room() noexcept {
    command_.room = arguments_.word();
    return is_valid_room(command_.room) || (!command_.room.empty() && broken(kRoomRule));
  }

  bool text() noexcept {
    command_.text = arguments_.text();
    return is_valid_text(command_.text) || (!command_.text.empty() && broken(kTextRule));
  }

  bool on_or_off() noexcept {
    const std::string_view word = arguments_.word();
    command_.on = is_same_word(word, "on");
    return command_.on || is_same_word(word, "off");
  }

  bool history() noexcept {
    command_.room = kLobby;
    std::string_view word = arguments_.word();
    if (word.starts_with('#')) {
      if (!is_valid_room(word)) return broken(kRoomRule);
      command_.room = word;
      word = arguments_.word();
    }
    return word.empty() || read_limit(word, command_.limit) || broken(kLimitRule);
  }

  Arguments arguments_;
  Command& command_;
  std::string_view rule_;
  bool hopeless_password_ = false;
};

ParseOutcome refuse_unknown(std::string_view word) {
  Refusal refusal{ErrorCode::BadCommand, "no such command", word, {}};
  if (const TextCommand* nearest = nearest_text_command(word))
    refusal.message.append("; did you mean /").append(to_string(nearest->op)).append("?");
  else
    refusal.message.append("; /help lists them");
  return refusal;
}

ParseOutcome refuse_arguments(const TextCommand& command, std::string_view rule) {
  Refusal refusal{ErrorCode::BadArgument, "usage: ", to_string(command.op), {}};
  refusal.message.append(command.usage);
  if (!rule.empty()) refusal.message.append(" (").append(rule).append(")");
  return refusal;
}

}  // namespace

ParseOutcome TextDialect::parse(std::string_view line, CommandStorage& /*storage*/) const {
  if (!is_valid_utf8(line)) return Refusal{ErrorCode::BadUtf8, "the line is not UTF-8", {}, {}};

  ParseOutcome outcome;
  Command& command = *std::get_if<Command>(&outcome);
  if (!line.starts_with('/')) {
    if (!line.empty() && !is_valid_text(line))
      return Refusal{ErrorCode::BadArgument, std::string(kTextRule), to_string(Op::Echo), {}};
    command.text = line;
    return outcome;
  }

  const std::string_view word = line.substr(1, line.find(' ') - 1);
  const TextCommand* found = find_text_command(word);
  if (found == nullptr) return refuse_unknown(word);

  command.op = found->op;
  ArgumentReader reader(line.substr(1 + word.size()), command);
  if (reader.read()) return outcome;
  if (reader.is_hopeless_login())
    return Refusal{ErrorCode::BadCredentials, "wrong name or password", to_string(found->op), {}};
  return refuse_arguments(*found, reader.rule());
}

}  // namespace rookery::wire
