#include "client/terminal/chat_session.h"

#include <fmt/format.h>

#include <utility>

#include "ipc/wire/limits.h"
#include "ipc/wire/safe_text.h"

namespace rookery::client {
namespace {

const std::string kLobby(wire::kLobby);

// Refusals that say nothing of the request: the same may be taken later.
bool is_for_now(std::string_view code) {
  return code == "rate-limited" || code == "not-durable" || code == "shutting-down" || code == "server-full";
}

}  // namespace

ChatSession::ChatSession(Audience audience, ViewStyle style)
    : audience_(audience), style_(style), current_room_(kLobby), rooms_{kLobby} {}

void ChatSession::ask(Step& step, Request request, Purpose purpose, std::string typed) {
  const std::uint64_t id = next_id_++;
  std::string line = encode_request(request, id);
  if (line.size() > wire::kMaxLineBytes) {
    refuse(step, {"line-too-long", fmt::format("the server takes lines of at most {} bytes", wire::kMaxLineBytes)});
    return;
  }
  step.send.push_back(std::move(line));
  pending_.emplace(id, Pending{std::move(request), purpose, std::move(typed)});
}

void ChatSession::refuse(Step& step, const InputRefusal& refusal) {
  any_refused_ = true;
  step.show.push_back({Shown::Kind::Problem, view_refusal(refusal.code, refusal.message, style_)});
}

Step ChatSession::connected() {
  Step step;
  pending_.clear();
  logged_in_at_ = {};
  ready_ = false;
  if (!login_.name.empty())
    ask(step, {.op = "login", .name = login_.name, .password = login_.password}, Purpose::Restore);
  for (const std::string& room : rooms_)
    if (room != kLobby) ask(step, {.op = "join", .room = room}, Purpose::Restore);
  if (!rooms_.contains(kLobby)) ask(step, {.op = "leave", .room = kLobby}, Purpose::Restore);
  if (presence_) ask(step, {.op = "presence", .on = true}, Purpose::Restore);
  if (was_connected_ && !seen_.epoch.empty()) {
    resuming_ = true;
    ask(step, {.op = "resume", .epoch = seen_.epoch, .seq = seen_.seq}, Purpose::Resume);
  }
  // Asked even when there is nothing to restore: the server learns our dialect from it, and we that it is one of ours.
  ask(step, {.op = "ping"}, Purpose::Ready);
  return step;
}

Step ChatSession::disconnected() {
  Step step;
  for (const auto& [id, pending] : pending_) {
    if (pending.purpose != Purpose::Typed) continue;
    step.show.push_back(
        {Shown::Kind::Problem,
         view_notice(fmt::format("no answer came, so it may or may not have happened: {}", pending.typed), style_)});
  }
  pending_.clear();
  ready_ = false;
  resuming_ = false;
  missed_to_come_ = 0;
  held_.clear();  // newer than seen_: the next resume brings them again
  resumed_.clear();
  return step;
}

Step ChatSession::type(std::string_view line) {
  Step step;
  Input input = parse_input(line, current_room_);
  if (std::holds_alternative<HelpWanted>(input)) {
    step.show.push_back({Shown::Kind::Text, input_help()});
  } else if (std::holds_alternative<QuitWanted>(input)) {
    step.quit = true;
  } else if (const auto* wanted = std::get_if<RoomSwitch>(&input)) {
    switch_room(step, wanted->room);
  } else if (const auto* refusal = std::get_if<InputRefusal>(&input)) {
    refuse(step, *refusal);
  } else if (std::holds_alternative<NothingTyped>(input)) {
    return step;
  } else if (!ready_) {
    refuse_unsent(step, without_password(line));
  } else if (auto* asked = std::get_if<PasswordNeeded>(&input)) {
    step.password = std::move(*asked);
  } else if (auto* request = std::get_if<Request>(&input)) {
    ask(step, std::move(*request), Purpose::Typed, without_password(line));
  }
  return step;
}

void ChatSession::refuse_unsent(Step& step, std::string_view typed) {
  any_refused_ = true;
  step.show.push_back(
      {Shown::Kind::Problem, view_notice(fmt::format("not connected, so this was not sent: {}", typed), style_)});
}

Step ChatSession::give_password(const PasswordNeeded& asked, std::string password) {
  Step step;
  const std::string typed = fmt::format("/{} {}", asked.op, asked.name);
  if (!ready_) {
    refuse_unsent(step, typed);
  } else if (!wire::is_valid_utf8(password)) {
    refuse(step, {"bad-utf8", "the password is not UTF-8"});
  } else {
    ask(step, {.op = asked.op, .name = asked.name, .password = std::move(password)}, Purpose::Typed, typed);
  }
  return step;
}

void ChatSession::switch_room(Step& step, const std::string& room) {
  if (!rooms_.contains(room)) {
    refuse(step, {"not-in-room", fmt::format("you are not in {0}; /join {0}", room)});
    return;
  }
  current_room_ = room;
}

Step ChatSession::farewell() {
  Step step;
  ask(step, {.op = "ping"}, Purpose::Barrier);
  ask(step, {.op = "quit"}, Purpose::Quit);
  return step;
}

Step ChatSession::receive(std::string_view text, std::time_t now) {
  Step step;
  ServerLine line = read_server_line(text, style_, now);
  switch (line.kind) {
    case ServerLine::Kind::Reply:
      on_reply(step, line, now);
      break;
    case ServerLine::Kind::Event:
      on_event(step, std::move(line));
      break;
    case ServerLine::Kind::Foreign:
      // Said in the text dialect when it takes no connection of ours, before it knows which dialect is spoken.
      dismissed_ |= !ready_ && text.starts_with("ERR banned ");
      for (std::string& shown : line.shown) step.show.push_back({Shown::Kind::Problem, std::move(shown)});
      break;
  }
  return step;
}

// A refusal without an id is of a request that the server could not read; it reads them in order.
std::optional<ChatSession::Pending> ChatSession::take_pending(const ServerLine& line) {
  auto found = line.id ? pending_.find(*line.id) : pending_.end();
  if (!line.id && !line.ok) found = pending_.begin();
  if (found == pending_.end()) return std::nullopt;
  Pending pending = std::move(found->second);
  pending_.erase(found);
  return pending;
}

void ChatSession::on_reply(Step& step, const ServerLine& line, std::time_t now) {
  const std::optional<Pending> pending = take_pending(line);
  const Purpose purpose = pending ? pending->purpose : Purpose::Typed;
  if (!line.ok && purpose == Purpose::Resume) {
    on_resumed(step, line);  // the server has forgotten that far, or never learnt to resume
  } else if (!line.ok) {
    any_refused_ = true;
    for (const std::string& shown : line.shown) step.show.push_back({Shown::Kind::Problem, shown});
    const bool for_good = !is_for_now(line.error);  // otherwise it is tried again with the next connection
    if (for_good && purpose == Purpose::Restore && pending->request.op == "login") login_ = {};
    if (for_good && purpose == Purpose::Restore && pending->request.op == "join") {
      rooms_.erase(pending->request.room);
      if (current_room_ == pending->request.room) current_room_ = kLobby;
    }
  } else if (pending) {
    on_success(step, *pending, line);
  }
  if (purpose == Purpose::Quit) left_ = true;
  if (purpose == Purpose::Ready) {
    if (was_connected_) step.show.push_back({Shown::Kind::Notice, view_notice("connected again", style_)});
    ready_ = was_connected_ = true;
    end_resume(step);  // whatever became of it
    resumed_.clear();
  }
  const bool is_message = line.subject == "say" || line.subject == "broadcast" || line.subject == "msg";
  if (!line.ok || !pending) return;
  if (is_message && audience_ == Audience::People) {
    if (line.subject == "msg")
      step.show.push_back(
          {Shown::Kind::Text, view_sent_message(pending->request.to, pending->request.text, style_, now)});
    return;
  }
  const bool wanted = purpose == Purpose::Typed || (purpose == Purpose::Quit && audience_ == Audience::Programs) ||
                      (purpose == Purpose::Restore && line.subject == "login");
  if (!wanted) return;
  for (const std::string& shown : line.shown) step.show.push_back({Shown::Kind::Text, shown});
}

void ChatSession::on_success(Step& step, const Pending& pending, const ServerLine& line) {
  const Request& request = pending.request;
  if (request.op == "login") {
    login_ = {line.name.empty() ? request.name : line.name, request.password};
    if (line.seq) logged_in_at_ = {line.epoch, *line.seq};
    if (!resuming_ && seen_.epoch.empty()) seen_ = logged_in_at_;
  } else if (request.op == "logout") {
    login_ = {};
  } else if (request.op == "join") {
    const std::string& room = line.room.empty() ? request.room : line.room;
    rooms_.insert(room);
    if (pending.purpose == Purpose::Typed) current_room_ = room;
  } else if (request.op == "leave") {
    const std::string& room = line.room.empty() ? request.room : line.room;
    rooms_.erase(room);
    if (current_room_ == room) current_room_ = kLobby;
  } else if (request.op == "presence") {
    presence_ = request.on.value_or(false);
  } else if (request.op == "resume") {
    on_resumed(step, line);
  }
}

void ChatSession::on_resumed(Step& step, const ServerLine& line) {
  const auto tell = [&](const std::string& text) {
    step.show.push_back({Shown::Kind::Notice, view_notice(text, style_)});
  };
  missed_to_come_ = line.ok ? line.missed : 0;
  owed_ = !line.ok && is_for_now(line.error);
  if (owed_) {
    tell("what was said while you were away cannot be read now: it is asked for again with the next connection");
    return end_resume(step);
  }
  // Nothing was missed up to here, under whatever epoch: not to be asked for again.
  const bool is_further = logged_in_at_.epoch != seen_.epoch || logged_in_at_.seq > seen_.seq;
  if (line.ok && line.missed == 0 && !logged_in_at_.epoch.empty() && is_further) seen_ = logged_in_at_;
  if (missed_to_come_ == 1)
    tell("1 message while you were away");
  else if (missed_to_come_ > 1)
    tell(fmt::format("{} messages while you were away", missed_to_come_));
  if (!line.recovered) tell("not everything that was said while you were away could be recovered");
  if (missed_to_come_ == 0) end_resume(step);
}

void ChatSession::on_event(Step& step, ServerLine line) {
  const bool message = line.subject == "message";
  if (message && missed_to_come_ > 0) {
    show_event(step, line);
    if (--missed_to_come_ == 0) end_resume(step);
  } else if (message && resuming_) {
    held_.push_back(std::move(line));
  } else {
    show_event(step, line);
  }
}

void ChatSession::show_event(Step& step, ServerLine& line) {
  if (!is_news(line)) return;
  dismissed_ |= line.final;
  for (std::string& shown : line.shown) step.show.push_back({Shown::Kind::Text, std::move(shown)});
}

void ChatSession::end_resume(Step& step) {
  missed_to_come_ = 0;
  for (ServerLine& line : std::exchange(held_, {})) show_event(step, line);
  resuming_ = false;
}

bool ChatSession::is_news(const ServerLine& line) {
  if (line.subject != "message" || !line.seq) return true;
  if ((resuming_ || !resumed_.empty()) && !resumed_.emplace(line.epoch, *line.seq).second) return false;
  if (owed_) return true;  // the next resume begins where the one that failed did
  if (line.epoch != seen_.epoch)
    seen_ = {line.epoch, *line.seq};
  else if (*line.seq > seen_.seq)
    seen_.seq = *line.seq;
  return true;
}

}  // namespace rookery::client
