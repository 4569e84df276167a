// worker/log/receipts.h
//
// Replies to requests that went through the log: kept from the moment the loop reads the record until everything up to
// it is durable. An acknowledgement means durable.
#pragma once

#include <deque>
#include <string>

#include "ipc/chat/record.h"
#include "ipc/shm/record_queue.h"
#include "worker/delivery/delivery.h"

namespace rookery::worker {

class Receipts final {
 public:
  Receipts(const WorkerContext& context, SessionTable& sessions, Delivery& delivery)
      : context_(context), sessions_(sessions), delivery_(delivery) {}

  // The loop has read a record of its own that ends at `end`.
  void add(const chat::Record& record, shm::Position end);

  // Everything before `durable` is on disk: replies to what that covers.
  void settle(shm::Position durable);

  // The position the first of them waits for; ~0 when there is none.
  [[nodiscard]] shm::Position awaiting() const noexcept {
    return waiting_.empty() ? ~shm::Position{0} : waiting_.front().end;
  }
  [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }

 private:
  struct Receipt {
    shm::Position end;
    chat::RecordHeader header;
    std::string subject;  // room or account
    std::string id;
  };
  void encode(const wire::Dialect& dialect, const Receipt& receipt);

  const WorkerContext& context_;
  SessionTable& sessions_;
  Delivery& delivery_;
  std::deque<Receipt> waiting_;
  std::string bytes_;
};

}  // namespace rookery::worker
