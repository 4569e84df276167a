// worker/commands/history_desk.h
//
// Asks the ledger for old messages on behalf of this loop's clients, one page at a time, and hands the pages out. A
// question that got no answer (the ledger died, an inbox was full) is asked again.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "ipc/chat/history_exchange.h"
#include "worker/delivery/delivery.h"
#include "worker/log/outbox.h"

namespace rookery::worker {

// What one room has, or, with `topics`, what somebody missed in all that he listens to (ipc/chat/history_exchange.h).
struct HistoryQuestion {
  std::string room;
  std::uint64_t below = 0;
  std::uint64_t above = 0;
  std::uint32_t limit = 0;
  chat::HistoryOrder order = chat::HistoryOrder::Newest;
  std::string topics = {};  // encoded chat::MissedTopics; with it, room, limit and order mean nothing
  chat::MissedWish wish = chat::MissedWish::Messages;
};

struct HistoryAnswer {
  bool arrived = false;
  chat::HistoryReplyKind end = chat::HistoryReplyKind::End;
  std::uint32_t remaining = 0;
  chat::MissedPageEnd missed;  // with HistoryReplyKind::MissedEnd
  std::deque<std::vector<std::byte>> records;
};

class HistoryDesk final {
 public:
  HistoryDesk(const WorkerContext& context, std::uint32_t loop, SessionTable& sessions, Delivery& delivery,
              Outbox& outbox);

  // The answer is put into `answer`, which the session's item source owns; the session is touched when it is whole.
  void ask(Session& session, const HistoryQuestion& question, HistoryAnswer& answer);
  // The session has gone, or does not want its answer any more.
  void forget(const Session& session) noexcept;

  // Takes what has come in, asks again what seems lost. Once a turn.
  void turn(os::Monotonic::time_point now);
  // Sequentially consistent: for the doorbell.
  [[nodiscard]] bool has_mail() const noexcept { return inbox_.has_more() || (ledger_away_ && !open_.empty()); }
  // In read-only mode nobody can answer: every question, open or new, is answered as failed.
  void set_ledger_away(bool away);
  [[nodiscard]] bool waits() const noexcept { return !open_.empty(); }

 private:
  struct Open {
    std::uint32_t session;
    std::uint64_t client;
    HistoryQuestion question;
    HistoryAnswer* answer;
  };
  void send_first();
  void fail_all();

  SessionTable& sessions_;
  Delivery& delivery_;
  Outbox& outbox_;
  const chat::LedgerRegionHeader& ledger_;
  shm::RecordQueueConsumer inbox_;
  std::deque<Open> open_;  // the first is with the ledger
  std::uint64_t number_;   // of the newest question asked
  bool ledger_away_ = false;
  os::Monotonic::time_point asked_at_{};
  std::uint64_t asked_generation_ = 0;
  std::vector<std::byte> bytes_;
};

}  // namespace rookery::worker
