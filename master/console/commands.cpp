#include "master/console/commands.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "ipc/wire/error_code.h"
#include "master/console/command_line.h"
#include "master/console/report.h"
#include "master/console/report_json.h"

namespace rookery::master {

std::optional<std::string> Commands::run(Conversation conversation, std::string_view line, TimePoint now) {
  const Form form = take_json_word(line) ? Form::Json : Form::Text;
  auto answer = run(conversation, line, now, form);
  if (form == Form::Text) return answer;
  if (!answer)
    wants_json_.insert(conversation);
  else if (!answer->starts_with('{'))
    answer = json_of_text(*answer);
  return answer;
}

std::string Commands::as_wanted(Conversation conversation, std::string answer) {
  return wants_json_.erase(conversation) > 0 ? json_of_text(answer) : answer;
}

std::string Commands::ask_again(Conversation conversation) const {
  return wants_json(conversation) ? json_of_text(kAskAgain) : std::string(kAskAgain);
}

// Where there is a form of its own for JSON it comes in that one, else in text.
std::optional<std::string> Commands::run(Conversation conversation, std::string_view line, TimePoint now, Form form) {
  const bool json = form == Form::Json;
  const auto parsed = parse_console_line(line);
  if (const auto* refusal = std::get_if<ConsoleRefusal>(&parsed)) return fmt::format("ERR {}\n", refusal->why);
  const auto& command = std::get<ConsoleCommand>(parsed);
  switch (command.verb) {
    case ConsoleVerb::Status:
      return json ? json_status(host_.status()) : report_status(host_.status());
    case ConsoleVerb::List:
      return json ? json_clients(host_.clients()) : report_clients(host_.clients());
    case ConsoleVerb::Count:
      return json ? json_count(host_.count_clients()) : fmt::format("OK {} clients\n", host_.count_clients());
    case ConsoleVerb::Workers:
      return json ? json_processes(host_.processes(), host_.shut_out())
                  : report_processes(host_.processes(), host_.shut_out());
    case ConsoleVerb::Broadcast:
      if (host_.broadcast(command.text)) return "OK\n";
      return fmt::format("ERR {} the ledger is not there to publish it; try again\n",
                         wire::to_string(wire::ErrorCode::NotDurable));
    case ConsoleVerb::Kick:
      kicks_.push_back({conversation, command.number, now + kKickAnswer});
      host_.kick(command.number, command.text);
      return std::nullopt;
    case ConsoleVerb::Drain:
      return host_.drain(conversation, command.number);
    case ConsoleVerb::Scale:
      return host_.scale(conversation, command.number);
    case ConsoleVerb::Kill:
      return host_.kill(command.number);
    case ConsoleVerb::Upgrade:
      return host_.upgrade(conversation);
    case ConsoleVerb::Reload:
      return host_.reload(conversation);
    case ConsoleVerb::LogReopen:
      return host_.reopen_log(conversation);
    case ConsoleVerb::AskLedger:
      return host_.ask_ledger(conversation, command.text);
    case ConsoleVerb::Help:
      return json ? json_help() : console_help() + "OK\n";
    case ConsoleVerb::Exit:
      host_.stop();
      return "OK stopping\n";
  }
  return std::nullopt;
}

// A reply may bring the next command in, and with it another kick: so take them out first.
template <class Condition>
void Commands::answer_kicks(Condition condition, std::string_view verdict) {
  std::list<Kick> answered;
  for (auto kick = kicks_.begin(); kick != kicks_.end();) {
    const auto next = std::next(kick);
    if (condition(*kick)) answered.splice(answered.end(), kicks_, kick);
    kick = next;
  }
  for (const Kick& kick : answered) reply_(kick.conversation, fmt::format("{} {}\n", verdict, kick.client));
}

void Commands::client_kicked(std::uint64_t client) {
  answer_kicks([&](const Kick& kick) { return kick.client == client; }, "OK kicked");
}

void Commands::on_due(TimePoint now) {
  answer_kicks([&](const Kick& kick) { return kick.deadline <= now; }, "ERR no-such-client");
}

Commands::TimePoint Commands::next_due() const noexcept {
  return kicks_.empty() ? TimePoint::max() : kicks_.front().deadline;
}

}  // namespace rookery::master
