// worker/log/receipts.h
//
// Replies to requests that went through the log: kept from the moment the loop reads the record until everything up to
// it is durable. An acknowledgement means durable. While nothing can be stored the answer is not-durable instead: the
// record may be stored later all the same, but nobody was promised so.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "ipc/chat/record.h"
#include "ipc/shm/record_queue.h"
#include "worker/delivery/delivery.h"
#include "worker/log/outbox.h"

namespace rookery::worker {

// Somebody waits for an answer to it.
[[nodiscard]] bool wants_reply(const chat::RecordHeader& header) noexcept;

class Receipts final {
 public:
  Receipts(const WorkerContext& context, SessionTable& sessions, Delivery& delivery, const Outbox& outbox)
      : context_(context), sessions_(sessions), delivery_(delivery), outbox_(outbox) {}

  // The loop has read a record of its own that ends at `end`.
  void add(const chat::Record& record, shm::Position end);
  // One that needs no reply.
  void pass(const chat::Record& record) noexcept { newest_read_ = record.header.outbox_number; }

  // One that a client asked for in another life of its connection, found in the log by its successor.
  void inherit(const chat::Record& record, shm::Position end, const Session& session);

  // Everything before `durable` is on disk: replies to what that covers. Unless storing works, to everything: what is
  // never stored, like a join, has taken effect, and of the rest it is said that it is not durable.
  void settle(shm::Position durable, Storing storing);

  // There is no ledger to take what lies in this loop's outbox: replies that it is not known what becomes of it. When a
  // ledger takes it after all, it gets no second reply.
  // REQUIRES: LedgerAway, and all of the log has been read since `taken` was loaded from the outbox.
  void give_up_untaken(shm::Position taken);
  // Some of those have not come out of the log since. Nobody may ask for a membership again that may still be decided.
  [[nodiscard]] bool gave_up_what_may_come() const noexcept { return newest_read_ < answered_until_; }

  // What was settled while its session had not got so far in the log (Delivery::must_wait): now it may have.
  void settle_late(Session& session);
  // Their sessions have gone. Now and then.
  void forget_late();

  // The position the first of them waits for; ~0 when there is none.
  [[nodiscard]] shm::Position awaiting() const noexcept {
    return waiting_.empty() ? ~shm::Position{0} : waiting_.front().end;
  }
  // A successor must read the log from the record that ends there, or it would miss one that is not answered yet.
  [[nodiscard]] shm::Position needed() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }

 private:
  enum class Verdict : unsigned char { Done, NotDurable, NotTaken };
  struct Receipt {
    shm::Position end;
    chat::RecordHeader header;
    std::string subject;  // room or account
    std::string id;
  };
  struct Late {
    Receipt receipt;
    Verdict verdict;
  };
  void answer(const Receipt& receipt, Verdict verdict);
  void answer(Session& session, const Receipt& receipt, Verdict verdict);
  void encode(const wire::Dialect& dialect, const Receipt& receipt);
  void encode_doubt(const wire::Dialect& dialect, const Receipt& receipt, Verdict verdict);

  const WorkerContext& context_;
  SessionTable& sessions_;
  Delivery& delivery_;
  std::deque<Receipt> waiting_;
  std::vector<Late> late_;  // of one session in the log's order
  const Outbox& outbox_;
  shm::Position newest_read_ = 0;     // number of the newest of our records seen in the log
  shm::Position answered_until_ = 0;  // records up to this number have been given up
  std::string bytes_;
};

}  // namespace rookery::worker
