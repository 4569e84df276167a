#include "worker/log/receipts.h"

#include <algorithm>

namespace rookery::worker {

namespace {

std::string_view subject_of(const chat::Record& record) noexcept {
  return record.header.kind == chat::RecordKind::Register ? record.name : record.target_name;
}

}  // namespace

bool wants_reply(const chat::RecordHeader& header) noexcept {
  switch (header.kind) {
    case chat::RecordKind::Say:
    case chat::RecordKind::Broadcast:
    case chat::RecordKind::Direct:
    case chat::RecordKind::Register:
      return true;
    case chat::RecordKind::Join:
    case chat::RecordKind::Leave:
      return (header.flags & chat::kSilent) == 0;
    default:
      return false;
  }
}

void Receipts::add(const chat::Record& record, shm::Position end) {
  pass(record);
  if (record.header.outbox_number <= answered_until_) return;
  waiting_.push_back({end, record.header, std::string(subject_of(record)), std::string(record.id)});
}

void Receipts::inherit(const chat::Record& record, shm::Position end, const Session& session) {
  Receipt receipt{end, record.header, std::string(subject_of(record)), std::string(record.id)};
  receipt.header.session = session.index;
  const auto place = std::upper_bound(waiting_.begin(), waiting_.end(), end,
                                      [](shm::Position at, const Receipt& other) { return at < other.end; });
  waiting_.insert(place, std::move(receipt));
}

void Receipts::settle(shm::Position durable, Storing storing) {
  while (!waiting_.empty()) {
    const Receipt& receipt = waiting_.front();
    const bool is_durable = receipt.end <= durable;
    if (!is_durable && storing == Storing::Works) return;
    answer(receipt, is_durable || !chat::is_numbered(receipt.header) ? Verdict::Done : Verdict::NotDurable);
    waiting_.pop_front();
  }
}

void Receipts::give_up_untaken(shm::Position taken) {
  const shm::Position known = std::max({taken, newest_read_, answered_until_});
  const shm::Position newest = outbox_.each_untaken(known, [this](const chat::Record& record) {
    if (!wants_reply(record.header)) return;
    answer({delivery_.position(), record.header, {}, std::string(record.id)}, Verdict::NotTaken);
  });
  if (newest > known) answered_until_ = newest;
}

void Receipts::answer(const Receipt& receipt, Verdict verdict) {
  Session* session = sessions_.find(receipt.header.session, receipt.header.client);
  if (session == nullptr) return;
  if (delivery_.must_wait(*session, receipt.end))
    late_.push_back({receipt, verdict});
  else
    answer(*session, receipt, verdict);
}

void Receipts::answer(Session& session, const Receipt& receipt, Verdict verdict) {
  bytes_.clear();
  if (verdict == Verdict::Done)
    encode(session.dialect(), receipt);
  else
    encode_doubt(session.dialect(), receipt, verdict);
  delivery_.reply(session, bytes_);
  session.stream.answered_number = receipt.header.outbox_number;
  if (session.in_flight > 0) --session.in_flight;
  if (session.in_flight == 0) session.membership_pending = false;
  delivery_.resume(session);
}

void Receipts::settle_late(Session& session) {
  if (late_.empty() || session.in_flight == 0) return;
  std::erase_if(late_, [&](const Late& late) {
    const chat::RecordHeader& header = late.receipt.header;
    if (header.session != session.index || header.client != session.client) return false;
    if (session.stream.log_cursor < late.receipt.end) return false;
    answer(session, late.receipt, late.verdict);
    return true;
  });
}

void Receipts::forget_late() {
  std::erase_if(late_, [this](const Late& late) {
    return sessions_.find(late.receipt.header.session, late.receipt.header.client) == nullptr;
  });
}

shm::Position Receipts::needed() const noexcept {
  shm::Position first = awaiting();
  for (const Late& late : late_) first = std::min(first, late.receipt.end);
  return first;
}

void Receipts::encode_doubt(const wire::Dialect& dialect, const Receipt& receipt, Verdict verdict) {
  const char* words = "others may have seen this, but it could not be stored: it may be kept or lost";
  if (verdict == Verdict::NotTaken)
    words = "this was not carried out so far and may still be, later: the part of the server that stores is down";
  else if (receipt.header.kind == chat::RecordKind::Register)
    words = "the account could not be stored: it may be there later, try to log in before you register again";
  dialect.refused(bytes_, {wire::ErrorCode::NotDurable, words,
                           wire::to_string(static_cast<wire::Op>(receipt.header.op)), receipt.id});
}

void Receipts::encode(const wire::Dialect& dialect, const Receipt& receipt) {
  const chat::RecordHeader& header = receipt.header;
  const wire::RequestTag tag{static_cast<wire::Op>(header.op), receipt.id};
  if (header.outcome != 0) {
    const auto code = static_cast<wire::ErrorCode>(header.outcome - 1);
    wire::Refusal refusal{code, {}, wire::to_string(tag.op), tag.id};
    refusal.message = code == wire::ErrorCode::NameTaken ? "the name " + receipt.subject + " is taken, choose another"
                      : header.kind == chat::RecordKind::Register ? "there are as many accounts as this server can hold"
                                                                  : "there are as many rooms as this server can hold";
    dialect.refused(bytes_, refusal);
    return;
  }
  switch (header.kind) {
    case chat::RecordKind::Register:
      dialect.registered(bytes_, tag, receipt.subject);
      break;
    case chat::RecordKind::Join:
    case chat::RecordKind::Leave: {
      const bool lobby = header.room == chat::kLobbyRoom;
      dialect.membership(bytes_, tag, receipt.subject, lobby ? context_.lobby_members() : header.members);
      break;
    }
    default:
      dialect.accepted(bytes_, tag, header.seq, context_.epoch(), header.time_ms);
  }
}

}  // namespace rookery::worker
