#include "worker/log/receipts.h"

namespace rookery::worker {

void Receipts::add(const chat::Record& record, shm::Position end) {
  const bool about_account = record.header.kind == chat::RecordKind::Register;
  waiting_.push_back(
      {end, record.header, std::string(about_account ? record.name : record.target_name), std::string(record.id)});
}

void Receipts::settle(shm::Position durable) {
  while (!waiting_.empty() && waiting_.front().end <= durable) {
    const Receipt& receipt = waiting_.front();
    if (Session* session = sessions_.find(receipt.header.session, receipt.header.client)) {
      bytes_.clear();
      encode(session->dialect(), receipt);
      delivery_.reply(*session, bytes_);
      if (session->in_flight > 0) --session->in_flight;
      if (session->in_flight == 0) session->membership_pending = false;
      delivery_.resume(*session);
    }
    waiting_.pop_front();
  }
}

void Receipts::encode(const wire::Dialect& dialect, const Receipt& receipt) {
  const chat::RecordHeader& header = receipt.header;
  const wire::RequestTag tag{static_cast<wire::Op>(header.op), receipt.id};
  if (header.outcome != 0) {
    const auto code = static_cast<wire::ErrorCode>(header.outcome - 1);
    wire::Refusal refusal{code, {}, wire::to_string(tag.op), tag.id};
    refusal.message = code == wire::ErrorCode::NameTaken ? "the name " + receipt.subject + " is taken, choose another"
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
