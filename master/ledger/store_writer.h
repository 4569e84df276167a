// master/ledger/store_writer.h
//
// The storing thread: follows the log ring, stores what is durable in groups, and moves durable_end after each commit.
// It is a reader of the ring like any loop, so what it stores is exactly what was published, in that order; while a
// commit waits for the disk the next group gathers by itself.
//
// New accounts enter the user table here, once they are durable: a login can never succeed for an account that a crash
// would take away.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "master/ledger/ledger_context.h"
#include "master/ledger/store.h"

namespace rookery::ledger {

class StoreWriter final {
 public:
  // `store` and `users` are this thread's alone until it has been joined.
  StoreWriter(LedgerContext& context, store::Store store, shm::NameTableWriter& users);
  // Stores what is published, then joins.
  ~StoreWriter();

  // Something was published.
  void wake() noexcept;

 private:
  enum class GroupResult : unsigned char { Nothing, Stored, Failed };

  void run();
  [[nodiscard]] GroupResult store_group();
  [[nodiscard]] bool add_group(std::size_t& durable_records);
  void enter_users();
  void announce(shm::Position end);

  LedgerContext& context_;
  store::Store store_;
  shm::NameTableWriter& users_;
  shm::LogRingReader reader_;
  std::vector<shm::DoorbellRinger> loops_;
  shm::DoorbellRinger ledger_;

  struct NewUser {
    std::uint64_t id;
    std::string name;
    std::string hash;
  };
  std::vector<NewUser> new_users_;  // of the group under way
  std::vector<std::byte> bytes_;

  std::mutex mutex_;
  std::condition_variable woken_;
  bool work_ = false;  // under mutex_
  bool stop_ = false;  // under mutex_
  std::thread thread_;
};

}  // namespace rookery::ledger
