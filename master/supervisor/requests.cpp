// master/supervisor/requests.cpp: what an operator asks and only the ledger can answer. The master passes it on and
// waits without waiting: the answer comes in its time, or the time is over. What an answer may take of memory is
// bounded, and so is the number of them.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ipc/log.h"
#include "ipc/os/clock.h"
#include "master/supervisor/supervisor.h"

namespace rookery::master {

namespace {

constexpr std::size_t kMostRequests = 16;
constexpr std::size_t kMostAnswerBytes = std::size_t{8} * 1024 * 1024;
// Since it was last heard of: a ledger at a long piece of work says so every second.
constexpr std::chrono::seconds kAnswerWithin{15};

}  // namespace

std::optional<std::string> Supervisor::ask_ledger(Conversation who, const std::string& request) {
  if (std::string refusal = why_not_now(); !refusal.empty()) return refusal;
  if (ledger().life != Life::Serving || ledger_away_) return "ERR not-now the ledger is away; try again\n";
  if (request.size() > chat::kMaxControlTextBytes) return "ERR bad-argument that is too long\n";
  if (requests_.size() >= kMostRequests) return "ERR not-now too many others wait for the ledger; try again\n";
  if (!try_send(ledger(), {.kind = chat::ControlKind::LedgerRequest, .number = last_request_ + 1, .text = request}))
    return "ERR not-now the ledger takes nothing at the moment; try again\n";
  requests_[++last_request_] = {.who = who, .deadline = os::Monotonic::now() + kAnswerWithin, .lines = {}};
  return std::nullopt;
}

// False: nonsense. Whose time was over, or whose answer was too long, gets no second answer.
bool Supervisor::on_ledger_reply(const chat::ControlMessage& message) {
  if (message.number == 0 || message.number > last_request_) return false;
  const auto found = requests_.find(message.number);
  if (found == requests_.end()) return true;
  Request& request = found->second;
  request.deadline = os::Monotonic::now() + kAnswerWithin;
  if (message.text.empty()) return true;
  const bool last = message.text.front() != '+';
  const std::string_view text = std::string_view(message.text).substr(last ? 0 : 1);
  const bool too_long = request.lines.size() + text.size() > kMostAnswerBytes;
  if (!too_long) {
    request.lines.append(text);
    if (!request.lines.ends_with('\n')) request.lines += '\n';
    if (!last) return true;
  }
  const Conversation who = request.who;
  std::string answer = too_long ? "ERR too-long the answer has more than 8 MiB\n" : std::move(request.lines);
  requests_.erase(found);  // before: the answer may bring the next one in
  hooks_.answer(who, std::move(answer));
  return true;
}

void Supervisor::give_up_requests(std::string_view answer) {
  for (const auto& [number, request] : std::exchange(requests_, {})) hooks_.answer(request.who, std::string(answer));
}

void Supervisor::check_requests(TimePoint now) {
  std::vector<Conversation> late;
  std::erase_if(requests_, [&](const auto& entry) {
    if (entry.second.deadline > now) return false;
    late.push_back(entry.second.who);
    return true;
  });
  for (const Conversation who : late)
    hooks_.answer(who, "ERR not-now the ledger has not answered in time; look whether it is done\n");
}

}  // namespace rookery::master
