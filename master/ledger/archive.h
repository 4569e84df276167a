// master/ledger/archive.h
//
// The archive thread: answers the loops' questions for old messages from the store, into their inboxes, a page at a
// time (ipc/chat/history_exchange.h). It has its own read-only connection, so neither it nor the storing thread waits
// for the other.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "master/ledger/ledger_context.h"
#include "master/ledger/store.h"

namespace rookery::ledger {

class Archive final {
 public:
  Archive(LedgerContext& context, const std::filesystem::path& directory);
  ~Archive();

  // The loop of `slot` asks. `record` is of kind FetchHistory or FetchMissed. A loop has one request under way; one
  // that asks faster than it is answered is wild and its request is dropped.
  void ask(std::uint32_t slot, const chat::Record& record);

 private:
  struct Request {
    std::uint32_t slot = 0;
    std::uint64_t number = 0;
    store::HistoryQuery query;
    std::optional<store::MissedQuery> missed;  // set: this is what is asked for
    std::string missed_topics;                 // what its views point to
  };

  void run();
  void queue(Request request);
  void answer(const Request& request);
  void answer_history(const Request& request);
  void answer_missed(const Request& request);
  void put(const Request& request, const chat::HistoryReplyHeader& header, std::span<const std::byte> record);

  LedgerContext& context_;
  store::StoreReader reader_;
  std::vector<shm::RecordQueueProducer> inboxes_;  // by slot
  std::vector<shm::DoorbellRinger> loops_;
  std::vector<std::byte> bytes_;

  std::mutex mutex_;
  std::condition_variable woken_;
  std::deque<Request> requests_;  // under mutex_
  bool stop_ = false;             // under mutex_
  std::thread thread_;
};

}  // namespace rookery::ledger
