// master/ledger/order.h
//
// Who decides in which order records are applied. Everything that goes into the log passes here: what workers ask for,
// what the operator changes, what the server says.
//
//     take (intake.h)  ──offer──▶  Order  ──ordered──▶  apply and publish (publisher.h)
#pragma once

#include "ipc/chat/record.h"

namespace rookery::ledger {

class Order {
 public:
  class Sink {
   public:
    virtual ~Sink() = default;
    // The next record. It may be changed; its views are valid for the call.
    virtual void ordered(chat::Record& record) = 0;
  };

  virtual ~Order() = default;
  // `record` is sound and has its origin and the time at which it was taken.
  virtual void offer(chat::Record& record) = 0;
};

// The order in which they come. offer() has applied the record when it returns.
class LocalOrder final : public Order {
 public:
  explicit LocalOrder(Sink& sink) noexcept : sink_(sink) {}
  void offer(chat::Record& record) override { sink_.ordered(record); }

 private:
  Sink& sink_;
};

}  // namespace rookery::ledger
