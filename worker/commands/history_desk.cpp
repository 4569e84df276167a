#include "worker/commands/history_desk.h"

#include <cstring>

namespace rookery::worker {

namespace {
// The archive answers in milliseconds, a slow disk in seconds. A ledger that died took the question with it: its
// successor is asked at once.
constexpr std::chrono::seconds kAskAgainAfter{30};
}  // namespace

HistoryDesk::HistoryDesk(const WorkerContext& context, std::uint32_t loop, SessionTable& sessions, Delivery& delivery,
                         Outbox& outbox)
    : sessions_(sessions),
      delivery_(delivery),
      outbox_(outbox),
      ledger_(context.ledger().header()),
      inbox_(context.ledger().slot(context.shared.slot(context.start.number, loop)).inbox_tail,
             context.ledger().inbox_words(context.shared.slot(context.start.number, loop)), chat::kInboxWords,
             context.own().control(loop).inbox_taken),
      number_(context.start.slot_epoch << 16) {
  // What a predecessor did not read is not for us.
  inbox_.skip_to(context.ledger()
                     .slot(context.shared.slot(context.start.number, loop))
                     .inbox_tail.load(std::memory_order_acquire));
}

void HistoryDesk::ask(Session& session, const HistoryQuestion& question, HistoryAnswer& answer) {
  answer = {};
  open_.push_back({session.index, session.client, question, &answer});
  if (ledger_away_) return;  // turn() says so
  if (open_.size() == 1) send_first();
}

void HistoryDesk::set_ledger_away(bool away) {
  ledger_away_ = away;
}

void HistoryDesk::fail_all() {
  ++number_;  // the question may lie in the outbox still: its answer is nobody's
  while (!open_.empty()) {
    const Open failed = std::move(open_.front());
    open_.pop_front();
    if (failed.answer == nullptr) continue;
    *failed.answer = {};
    failed.answer->end = chat::HistoryReplyKind::Failed;
    failed.answer->arrived = true;
    if (Session* session = sessions_.find(failed.session, failed.client)) delivery_.touch(*session);
  }
}

void HistoryDesk::forget(const Session& session) noexcept {
  for (Open& open : open_)
    if (open.session == session.index && open.client == session.client) open.answer = nullptr;
}

void HistoryDesk::send_first() {
  const HistoryQuestion& question = open_.front().question;
  chat::Record record;
  const bool missed = !question.topics.empty();
  record.header.kind = missed ? chat::RecordKind::FetchMissed : chat::RecordKind::FetchHistory;
  record.header.flags = missed ? static_cast<std::uint8_t>(question.wish) : static_cast<std::uint8_t>(question.order);
  record.header.client = ++number_;
  record.header.seq = question.below;
  record.header.target = question.above;
  record.header.members = question.limit;
  record.target_name = question.room;
  record.text = question.topics;
  outbox_.tell(record);
  asked_at_ = os::Monotonic::now();
  asked_generation_ = ledger_.generation.load(std::memory_order_acquire);
  if (open_.front().answer != nullptr) *open_.front().answer = {};
}

void HistoryDesk::turn(os::Monotonic::time_point now) {
  for (;;) {
    const shm::TakeResult taken = inbox_.peek(bytes_);
    if (taken != shm::TakeResult::Record) break;  // the ledger is never wild for us; a damaged inbox times out
    inbox_.release();
    chat::HistoryReplyHeader header;
    if (bytes_.size() < sizeof header || open_.empty()) continue;
    std::memcpy(&header, bytes_.data(), sizeof header);
    if (header.request != number_) continue;
    HistoryAnswer* answer = open_.front().answer;
    if (header.kind == chat::HistoryReplyKind::Message) {
      if (answer != nullptr) answer->records.emplace_back(bytes_.begin() + sizeof header, bytes_.end());
      continue;
    }
    const Open done = std::move(open_.front());
    open_.pop_front();
    if (answer != nullptr) {
      answer->end = header.kind;
      answer->remaining = header.remaining;
      if (header.kind == chat::HistoryReplyKind::MissedEnd && bytes_.size() == sizeof header + sizeof answer->missed)
        std::memcpy(&answer->missed, bytes_.data() + sizeof header, sizeof answer->missed);
      answer->arrived = true;
      if (Session* session = sessions_.find(done.session, done.client)) delivery_.touch(*session);
    }
    if (!open_.empty()) send_first();
  }
  if (ledger_away_) fail_all();
  if (open_.empty()) return;
  const bool other_ledger = ledger_.generation.load(std::memory_order_acquire) != asked_generation_;
  if (other_ledger || now - asked_at_ > kAskAgainAfter) send_first();
}

}  // namespace rookery::worker
