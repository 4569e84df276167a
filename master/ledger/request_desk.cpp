#include "master/ledger/request_desk.h"

#include <fmt/format.h>

#include <utility>

#include "ipc/log.h"

namespace rookery::ledger {

namespace {

constexpr std::size_t kMostChanges = 16;
// Less than the master's patience. A disk may take long for a sync, and a full one for ever.
constexpr std::chrono::seconds kStoredWithin{10};
constexpr std::chrono::seconds kTellOfWorkEvery{1};  // the master waits 15 s for the next word

std::string_view done_word(const AccountRequest& request) noexcept {
  if (!request.change) return "added";
  switch (*request.change) {
    case chat::AccountChange::Password:
      return "password of";
    case chat::AccountChange::Lock:
      return "locked";
    case chat::AccountChange::Unlock:
      return "unlocked";
    case chat::AccountChange::Remove:
      return "removed";
  }
  return {};
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
  waiting_.push_back(
      {message.number, std::get<AccountRequest>(std::move(parsed)), os::Monotonic::now() + kStoredWithin, 0});
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

// The storing thread changes the user table before it moves durable_end.
void RequestDesk::answer_published() {
  if (context_.ring_header().durable_end.load(std::memory_order_acquire) >= published_->end) {
    log::info("by the operator: {} {}", done_word(published_->request), published_->request.name);
    answer(published_->number, fmt::format("OK {} {}", done_word(published_->request), published_->request.name));
    published_.reset();
  } else if (published_->deadline <= os::Monotonic::now()) {
    answer(published_->number, "ERR not-durable it is ordered but not stored yet: the disk is slow or full");
    published_.reset();
  }
}

// One at a time: what the next one finds in the user table is then what all before it have made of it.
bool RequestDesk::publish_next() {
  if (published_ || waiting_.empty()) return false;
  Change& next = waiting_.front();
  const Sequencer::AccountVerdict verdict = sequencer_.change_account(next.request, next.end);
  switch (verdict) {
    case Sequencer::AccountVerdict::NoRoom:
      if (next.deadline > os::Monotonic::now()) return false;
      answer(next.number, "ERR not-durable the disk or a reader is too far behind; try again");
      break;
    case Sequencer::AccountVerdict::Published:
      published_ = std::move(next);
      break;
    case Sequencer::AccountVerdict::NameTaken:
      answer(next.number, fmt::format("ERR name-taken there is an account {}", next.request.name));
      break;
    case Sequencer::AccountVerdict::Full:
      answer(next.number, "ERR server-full there are as many accounts as there can be");
      break;
    case Sequencer::AccountVerdict::NoSuchName:
      answer(next.number, fmt::format("ERR no-such-user there is no account {}", next.request.name));
      break;
  }
  waiting_.pop_front();
  return verdict == Sequencer::AccountVerdict::Published;
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
