// worker/log/outbox.h
//
// The loop's way to the ledger: records go into the shared outbox, the ledger is woken once a turn. When the outbox is
// full (the ledger is down, the disk slow) a client's command is not begun and waits; what must not be lost, like the
// departure of a client that has gone, waits here.
#pragma once

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "ipc/chat/record.h"
#include "worker/pool/job.h"
#include "worker/session/session_table.h"
#include "worker/worker_context.h"

namespace rookery::worker {

class Outbox final {
 public:
  Outbox(const WorkerContext& context, std::uint32_t loop, SessionTable& sessions);

  // A client's record. From here on it is asked, whatever becomes of this process: the caller commits the session with
  // the line consumed, and if it dies before that, its successor finds the record in the log.
  // False: no room now, nothing happened; ask again in a later turn, or, where the client waits for answers from the
  // log of another slot that it was carried on from, when they have come.
  [[nodiscard]] bool ask(Session& session, chat::Record& record);
  // A record nobody waits for; goes out as soon as there is room.
  void tell(chat::Record& record);

  // At the end of a turn: wakes the ledger if it sleeps and there is something new.
  void ring();
  // Tries again what found no room; true when everything is out and there is room for any record.
  [[nodiscard]] bool retry();
  [[nodiscard]] bool full() const noexcept { return full_; }
  // The session's command found no room; it is among those that take_waiting() gives when there is some again.
  void wait(Session& session) {
    if (std::find(sessions_.begin(), sessions_.end(), &session) == sessions_.end()) sessions_.push_back(&session);
  }
  [[nodiscard]] std::vector<Session*> take_waiting() { return std::exchange(sessions_, {}); }
  // The same for work of the loop's own that an ask() has put off.
  void park(Job job) { parked_.push_back(std::move(job)); }
  [[nodiscard]] std::vector<Job> take_parked() { return std::exchange(parked_, {}); }
  void forget(Session& session) { std::erase(sessions_, &session); }
  // The number of the newest record that a ledger has taken.
  [[nodiscard]] shm::Position taken() const noexcept;
  // Calls visit(record) for each behind number `known` that the ledger publishes when it takes it; returns the newest
  // one's number, or `known`. REQUIRES: `known` is the number of a record that was taken or given up.
  template <class Visit>
  shm::Position each_untaken(shm::Position known, Visit visit) const;
  [[nodiscard]] std::uint64_t slot_epoch() const noexcept { return slot_epoch_; }
  [[nodiscard]] std::uint32_t slot() const noexcept { return slot_; }

 private:
  SessionTable& table_;
  std::uint64_t slot_epoch_;
  std::uint32_t slot_;
  const WorkerContext& context_;
  std::uint32_t loop_;
  shm::RecordQueueProducer queue_;
  shm::DoorbellRinger ledger_;
  std::vector<std::byte> bytes_;
  std::deque<std::vector<std::byte>> waiting_;
  std::vector<Session*> sessions_;  // whose commands wait
  std::vector<Job> parked_;
  bool appended_ = false;
  bool full_ = false;
};

template <class Visit>
shm::Position Outbox::each_untaken(shm::Position known, Visit visit) const {
  shm::PositionWord from{known};
  shm::RecordQueueConsumer reader(context_.own().control(loop_).outbox_tail, context_.own().outbox_words(loop_),
                                  chat::kOutboxWords, from);
  std::vector<std::byte> bytes;
  while (reader.peek(bytes) == shm::TakeResult::Record) {
    auto record = chat::decode_record(bytes);
    if (!record || !chat::is_published(record->header.kind)) continue;
    known = reader.number();
    record->header.outbox_number = known;
    visit(*record);
  }
  return known;
}

}  // namespace rookery::worker
