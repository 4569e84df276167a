#include "master/console/commands.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "ipc/wire/error_code.h"
#include "master/console/command_line.h"
#include "master/console/report.h"

namespace rookery::master {

std::optional<std::string> Commands::run(Conversation conversation, std::string_view line, TimePoint now) {
  const auto parsed = parse_console_line(line);
  if (const auto* refusal = std::get_if<ConsoleRefusal>(&parsed)) return fmt::format("ERR {}\n", refusal->why);
  const auto& command = std::get<ConsoleCommand>(parsed);
  switch (command.verb) {
    case ConsoleVerb::List:
      return report_clients(host_.clients());
    case ConsoleVerb::Count:
      return fmt::format("OK {} clients\n", host_.count_clients());
    case ConsoleVerb::Workers:
      return report_processes(host_.processes(), host_.shut_out());
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
    case ConsoleVerb::Upgrade:
      return host_.upgrade(conversation);
    case ConsoleVerb::Help:
      return console_help() + "OK\n";
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
