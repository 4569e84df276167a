// master/ledger/store_writer.h
//
// The storing thread: follows the log ring, stores what is durable in groups, and moves durable_end after each commit.
// It is a reader of the ring like any loop, so what it stores is exactly what was published, in that order; while a
// commit waits for the disk the next group gathers by itself.
//
// New accounts enter the user table here, once they are durable: a login can never succeed for an account that a crash
// would take away.
//
// So do bans enter the ban table, and they leave it when they end; the store forgets ended ones when it can.
//
// Old messages that are not to be kept are removed in small pieces: together with a group, so that one sync of the disk
// does for both, some more than the group has brought; and alone while there is nothing to store.
//
// When a group cannot be stored  (disk full, I/O error at a write) the region's store_failing says so until it can:
// loops then answer not-durable and refuse what would have to be stored. The group is tried again, with what has
// come since; nothing of what was published is given up. After a failed fsync the process ends at once, see
// docs/storage.md: the successor stores from the ring what the disk has not got.
//
// When the lock, the store or the data directory was removed or replaced  it is the same, with a reason of its own
// (chat::StoreFailure::Displaced), noticed before and after each group and every two seconds.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ipc/os/clock.h"
#include "master/ledger/ban_book.h"
#include "master/ledger/ledger_context.h"
#include "master/ledger/published_mark.h"
#include "master/ledger/store.h"

namespace rookery::ledger {

// The exit code of a ledger that an fsync has failed. EX_IOERR.
inline constexpr int kExitSyncFailed = 74;

class StoreWriter final {
 public:
  // `store`, `users` and `bans` are this thread's alone until it has been joined.
  StoreWriter(LedgerContext& context, store::Store store, shm::NameTableWriter& users, BanBook& bans,
              PublishedMark& mark, const store::Retention& retention);
  ~StoreWriter();

  // Stores what is published, then joins. False: it could not all be stored, and was not waited for.
  [[nodiscard]] bool finish();

  // Writes something small to the store and notes in the region whether that went well.
  void probe() noexcept;

  // From now on these messages are kept. For any thread.
  void set_retention(const store::Retention& retention);

  // Something was published.
  void wake() noexcept;

 private:
  enum class GroupResult : unsigned char { Nothing, Stored, Failed };

  struct UserChange {
    std::optional<chat::AccountChange> change;  // none: a new one
    std::uint64_t id;
    std::string name;
    std::string hash;
  };

  void run();
  [[nodiscard]] GroupResult store_group();
  [[nodiscard]] std::chrono::milliseconds patience() const;
  void write_probe();
  void note_written() noexcept;
  void note_refused() noexcept;
  [[nodiscard]] bool add_group(std::size_t& durable_records);
  [[nodiscard]] bool prune(std::size_t records);
  [[nodiscard]] bool prune_alone();
  void change_users();
  void change_bans();
  void end_bans();
  void remove_ended_bans(std::int64_t now_ms);
  [[nodiscard]] shm::InsertResult change_user(const UserChange& user);
  void announce(shm::Position end, bool stored);
  void look_at_files();
  void can_store_again();
  void set_failing(chat::StoreFailure failure);
  void group_failed(const char* what);

  LedgerContext& context_;
  store::Store store_;
  shm::NameTableWriter& users_;
  BanBook& bans_;
  PublishedMark& mark_;
  shm::LogRingReader reader_;
  std::vector<shm::DoorbellRinger> loops_;

  std::vector<UserChange> user_changes_;                            // of the group under way, in order
  std::vector<std::pair<chat::BanChange, chat::Ban>> ban_changes_;  // likewise
  std::vector<std::byte> bytes_;
  std::uint64_t newest_seq_ = 0;              // of the group under way
  os::Monotonic::time_point look_for_old_{};  // when to look next for messages that are not to be kept
  std::size_t unlooked_ = 0;                  // records stored since then
  bool more_old_ = false;                     // the newest look found more than it removed
  std::string told_pruning_error_;
  bool ended_rows_ = true;  // the store may have bans that have ended; at first: meanwhile
  os::Monotonic::time_point remove_ended_at_{};
  std::string told_ban_error_;
  std::string told_error_;                     // in the log; empty: the newest group was stored
  os::Monotonic::time_point look_at_files_{};  // when to look next whether they are in their places

  std::mutex mutex_;
  std::condition_variable woken_;
  store::Retention retention_;  // under mutex_
  bool work_ = false;           // under mutex_
  bool probe_ = false;          // under mutex_
  bool stop_ = false;           // under mutex_
  bool all_stored_ = true;      // once joined
  std::thread thread_;
};

}  // namespace rookery::ledger
