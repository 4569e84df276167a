#include "worker/log/outbox.h"

#include "ipc/fault/fault_point.h"
namespace rookery::worker {

namespace {

shm::RecordQueueProducer open_queue(const WorkerContext& context, std::uint32_t loop) {
  chat::LoopControl& control = context.own().control(loop);
  const auto& taken = context.ledger().slot(context.shared.slot(context.start.number, loop)).outbox_taken;
  shm::RecordQueueProducer queue(control.outbox_tail, context.own().outbox_words(loop), chat::kOutboxWords, taken);
  // The ledger has drained what a predecessor left, or could not read it: either way this is where it goes on.
  queue.restart_at(taken.load(std::memory_order_acquire));
  return queue;
}

}  // namespace

Outbox::Outbox(const WorkerContext& context, std::uint32_t loop, SessionTable& sessions)
    : table_(sessions),
      slot_epoch_(context.start.slot_epoch),
      slot_(context.shared.slot(context.start.number, loop)),
      context_(context),
      loop_(loop),
      queue_(open_queue(context, loop)),
      ledger_(context.ledger().header().sleeping, context.shared.ledger_doorbell.write_end.get()) {}

bool Outbox::ask(Session& session, chat::Record& record) {
  if (full_) return false;  // in order: what waits goes first
  if (session.stream.slot != slot_ && session.in_flight > 0) return false;
  if (session.stream.slot != slot_) {
    // Said before it asks: or a successor's successor would take the record for one of a life before, and ask again.
    session.stream.slot = static_cast<std::uint16_t>(slot_);
    session.stream.outbox_number = session.stream.answered_number = queue_.tail();
    table_.commit(session);
  }
  record.header.slot_epoch = slot_epoch_;
  record.header.session = session.index;
  record.header.client = session.client;
  chat::encode_record(record, bytes_);
  fault::point(fault::Point::WorkerBeforeOutboxCommit);
  const shm::Position number = queue_.append(bytes_);
  fault::point(fault::Point::WorkerAfterOutboxCommit);
  if (number == 0) {
    full_ = true;
    return false;
  }
  appended_ = true;
  ++session.in_flight;
  session.stream.outbox_number = number;
  return true;
}

void Outbox::tell(chat::Record& record) {
  record.header.slot_epoch = slot_epoch_;
  chat::encode_record(record, bytes_);
  if (waiting_.empty() && queue_.append(bytes_) != 0) {
    appended_ = true;
    return;
  }
  waiting_.push_back(bytes_);
  full_ = true;
}

shm::Position Outbox::taken() const noexcept {
  return context_.ledger().slot(slot_).outbox_taken.load(std::memory_order_acquire);
}

void Outbox::ring() {
  if (!appended_) return;
  appended_ = false;
  ledger_.ring_if_asleep();
}

bool Outbox::retry() {
  while (!waiting_.empty()) {
    if (queue_.append(waiting_.front()) == 0) return false;
    appended_ = true;
    waiting_.pop_front();
  }
  if (!queue_.has_room(chat::kMaxRecordBytes)) return false;
  full_ = false;
  return true;
}

}  // namespace rookery::worker
