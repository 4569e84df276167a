// worker/loop/client_ids.h
//
// Client ids, unique for the life of the epoch: the ledger grants ranges of them, the loop hands them out as soon as it
// reads the grant. A grant is a numbered record: if all processes die before it is stored, the epoch changes. So a disk
// that is full keeps nobody out; without a ledger the ids in hand last for a while, then connections wait in the
// listener's queue. The first range is small so that ids stay short where few people chat; later ones double.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>

#include "ipc/chat/record.h"
#include "worker/log/outbox.h"

namespace rookery::worker {

class ClientIds final {
 public:
  explicit ClientIds(Outbox& outbox) : outbox_(outbox) {}

  // 0: none left until the ledger answers.
  [[nodiscard]] std::uint64_t take() {
    if (left_ == 0) return 0;
    Range& range = ranges_.front();
    const std::uint64_t id = range.next++;
    if (range.next == range.end) ranges_.pop_front();
    --left_;
    ask_if_few();
    return id;
  }

  void ask_if_few() {
    if (asked_ || left_ > wanted_ / 2) return;
    chat::Record record;
    record.header.kind = chat::RecordKind::ReserveClients;
    record.header.members = wanted_;
    outbox_.tell(record);
    asked_ = true;
  }

  void grant(std::uint64_t first, std::uint64_t count) {
    ranges_.push_back({first, first + count});
    left_ += count;
    wanted_ = std::min(wanted_ * 2, kMostAtOnce);
    asked_ = false;
  }

  [[nodiscard]] bool any() const noexcept { return left_ > 0; }

 private:
  struct Range {
    std::uint64_t next;
    std::uint64_t end;
  };
  // A loop that accepts 30,000 connections a second asks about thirty times a second.
  static constexpr std::uint64_t kMostAtOnce = 1024;

  Outbox& outbox_;
  std::deque<Range> ranges_;
  std::uint64_t left_ = 0;
  std::uint64_t wanted_ = 16;
  bool asked_ = false;
};

}  // namespace rookery::worker
