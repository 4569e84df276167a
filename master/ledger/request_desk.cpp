#include "master/ledger/request_desk.h"

#include <fmt/format.h>

#include <utility>

#include "ipc/chat/ban.h"
#include "ipc/log.h"
#include "master/console/readable.h"

namespace rookery::ledger {

namespace {

constexpr std::size_t kMostChanges = 16;
// Less than the master's patience. A disk may take long for a sync, and a full one for ever.
constexpr std::chrono::seconds kStoredWithin{10};
constexpr std::chrono::seconds kTellOfWorkEvery{1};  // the master waits 15 s for the next word

std::string done(const AccountRequest& request) {
  if (!request.change) return "added " + request.name;
  switch (*request.change) {
    case chat::AccountChange::Password:
      return "password of " + request.name;
    case chat::AccountChange::Lock:
      return "locked " + request.name;
    case chat::AccountChange::Unlock:
      return "unlocked " + request.name;
    case chat::AccountChange::Remove:
      return "removed " + request.name;
  }
  return {};
}

std::string done(const BanRequest& request) {
  const bool lifted = request.change == chat::BanChange::Lift;
  std::string words = (lifted ? "unbanned " : "banned ") + request.target();
  if (!lifted && request.lasts.count() != 0)
    words += " for " + master::readable_duration(std::chrono::duration_cast<std::chrono::seconds>(request.lasts));
  if (!request.written.empty()) words += fmt::format(" (which is the range that {} lies in)", request.written);
  return words;
}

}  // namespace

RequestDesk::RequestDesk(LedgerContext& context, Sequencer& sequencer, const std::filesystem::path& data, int control)
    : context_(context), sequencer_(sequencer), control_(control), clerk_(context, data) {}

void RequestDesk::hear(const chat::ControlMessage& message) {
  auto parsed = parse_request(message.text, os::realtime_ms());
  if (auto* refusal = std::get_if<RequestRefusal>(&parsed)) return answer(message.number, std::move(refusal->answer));
  constexpr const char* kTooMuch = "ERR not-now too many requests wait already; try again";
  if (auto* request = std::get_if<ClerkRequest>(&parsed)) {
    if (!clerk_.ask(message.number, std::move(*request))) answer(message.number, kTooMuch);
    return;
  }
  if (context_.region().header().store_failing.load(std::memory_order_relaxed) != 0)
    return answer(message.number, "ERR not-durable the store cannot be written now, the log says why");
  if (waiting_.size() >= kMostChanges) return answer(message.number, kTooMuch);
  Change change{.number = message.number, .request = {}, .deadline = os::Monotonic::now() + kStoredWithin, .end = 0};
  if (auto* ban = std::get_if<BanRequest>(&parsed))
    change.request = std::move(*ban);
  else
    change.request = std::get<AccountRequest>(std::move(parsed));
  waiting_.push_back(std::move(change));
}

bool RequestDesk::turn() {
  if (published_) answer_published();
  const bool published = publish_next();
  tell_of_work();
  send();
  return published;
}

void RequestDesk::close() {
  if (published_) answer_published();
  for (const Change& change : std::exchange(waiting_, {}))
    answer(change.number, "ERR shutting-down the server is stopping");
  send();
}

// The storing thread changes the user table and the ban table before it moves durable_end.
void RequestDesk::answer_published() {
  if (context_.ring_header().durable_end.load(std::memory_order_acquire) >= published_->end) {
    const Change change = *std::exchange(published_, std::nullopt);
    const std::string words = std::visit([](const auto& request) { return done(request); }, change.request);
    log::info("by the operator: {}", words);
    if (change.given_up) return;
    const auto* ban = std::get_if<BanRequest>(&change.request);
    if (ban != nullptr && ban->mask && ban->change == chat::BanChange::Ban) {
      const std::string warning = warning_of(*ban->mask);
      if (!warning.empty()) answer(change.number, "+" + warning + "\n");
    }
    answer(change.number, "OK " + words);
  } else if (!published_->given_up && published_->deadline <= os::Monotonic::now()) {
    answer(published_->number, "ERR not-durable it is ordered but not stored yet: the disk is slow or full");
    published_->given_up = true;
  }
}

// One at a time: what the next one finds in the tables is then what all before it have made of them.
bool RequestDesk::publish_next() {
  if (waiting_.empty()) return false;
  Change& next = waiting_.front();
  std::string refusal;
  const bool published =
      !published_ && std::visit([&](const auto& request) { return publish(request, next.end, refusal); }, next.request);
  if (published) {
    published_ = std::move(next);
  } else {
    if (refusal.empty() && next.deadline > os::Monotonic::now()) return false;
    answer(next.number,
           refusal.empty() ? "ERR not-durable the disk or a reader is too far behind; try again" : std::move(refusal));
  }
  waiting_.pop_front();
  return published;
}

bool RequestDesk::publish(const AccountRequest& request, shm::Position& end, std::string& refusal) {
  using Verdict = Sequencer::AccountVerdict;
  const Verdict verdict = sequencer_.change_account(request, end);
  switch (verdict) {
    case Verdict::Published:
    case Verdict::NoRoom:
      break;
    case Verdict::NameTaken:
      refusal = fmt::format("ERR name-taken there is an account {}", request.name);
      break;
    case Verdict::Full:
      refusal = "ERR server-full there are as many accounts as there can be";
      break;
    case Verdict::NoSuchName:
      refusal = fmt::format("ERR no-such-user there is no account {}", request.name);
      break;
  }
  return verdict == Verdict::Published;
}

bool RequestDesk::publish(const BanRequest& request, shm::Position& end, std::string& refusal) {
  using Verdict = Sequencer::BanVerdict;
  const Verdict verdict = sequencer_.change_ban(request, end);
  switch (verdict) {
    case Verdict::Published:
    case Verdict::NoRoom:
      break;
    case Verdict::NoSuchAccount:
      refusal = fmt::format("ERR no-such-user there is no account {}", request.name);
      break;
    case Verdict::NotBanned:
      refusal = fmt::format("ERR no-such-ban there is no ban of {}; 'bans' lists all", request.target());
      break;
    case Verdict::Full:
      refusal = fmt::format("ERR server-full there are {} bans, and no more can be; unban some", chat::kMaxBans);
      break;
  }
  return verdict == Verdict::Published;
}

void RequestDesk::tell_of_work() {
  const auto now = os::Monotonic::now();
  if (!out_.empty() || now - told_of_work_ < kTellOfWorkEvery) return;
  told_of_work_ = now;
  for (const std::uint64_t number : clerk_.unanswered()) answer(number, {});
}

void RequestDesk::answer(std::uint64_t number, std::string text) {
  out_.push_back({.kind = chat::ControlKind::LedgerReply, .number = number, .text = std::move(text)});
}

void RequestDesk::send() {
  for (chat::ControlMessage& reply : clerk_.take_replies()) out_.push_back(std::move(reply));
  while (!out_.empty()) {
    // A master that is gone is found out by the pipe's end.
    if (chat::send_control(control_, out_.front()) == os::TransferStatus::WouldBlock) return;
    out_.pop_front();
  }
}

}  // namespace rookery::ledger
