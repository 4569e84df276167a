// master/ledger/write_session.h
//
// The store's writing connection with the statements prepared on it. After an error that may have reached the disk it
// is thrown away with all that it remembers, and the next group begins on a new one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ipc/chat/record.h"
#include "master/ledger/connection.h"
#include "master/ledger/pending_messages.h"
#include "master/ledger/room_ids.h"
#include "master/ledger/statement.h"
#include "master/ledger/store.h"

namespace rookery::store {

// The rows of `meta` that change with every group.
struct Progress {
  std::uint64_t last_seq = 0;
  std::uint64_t next_client = 1;
  std::uint64_t next_account = 1;
  std::int64_t last_time_ms = 0;
  std::uint64_t pruned_to = 0;
};

class WriteSession final {
 public:
  // Connects to a database that is there and sets the WAL's ways. Throws StoreError.
  explicit WriteSession(const std::filesystem::path& file);
  WriteSession(const WriteSession&) = delete;
  WriteSession& operator=(const WriteSession&) = delete;

  [[nodiscard]] const Connection& connection() const noexcept { return connection_; }

  // Throw StoreError.
  [[nodiscard]] std::string epoch();
  // Notes the present epoch, and where it ended, among the past ones.
  void renew_epoch(const std::string& epoch);
  [[nodiscard]] std::vector<PastEpoch> past_epochs();
  [[nodiscard]] std::string in_use_by();
  [[nodiscard]] Progress progress();
  void set_in_use_by(const std::string& mark);
  // Moves the WAL into the database and empties it. While somebody reads, as much of it is moved as the reader lets,
  // and the WAL ends behind its newest whole group: nothing of a group that was cut short stays in it (wal_check.h).
  void empty_wal();
  // From now on the connection's end moves the WAL into the database. Before, it leaves both as they are.
  void keep_on_close(bool keep);

  // False: connection().explain() says why.
  [[nodiscard]] bool begin() { return begin_.run(); }
  [[nodiscard]] bool commit() { return commit_.run(); }
  // They may wait for insert_pending().
  [[nodiscard]] bool insert_message(const chat::Record& record);
  // Before the commit.
  [[nodiscard]] bool insert_pending();
  [[nodiscard]] bool insert_account(const chat::Record& record);
  [[nodiscard]] bool change_account(const chat::Record& record);
  [[nodiscard]] bool change_ban(const chat::Record& record);
  [[nodiscard]] bool remove_ended_bans(std::int64_t now_ms);
  // Empty: it failed.
  [[nodiscard]] std::optional<Pruned> prune(const Retention& keep, std::int64_t now_ms, std::uint32_t most);
  // Only what differs from `stored`, which is there.
  [[nodiscard]] bool update_progress(const Progress& progress, const Progress& stored);
  [[nodiscard]] bool update_in_use_by(std::string_view mark);
  // A row that differs each time: SQLite does not write what is there already.
  [[nodiscard]] bool write_probe();
  // Moves the WAL into the database once it has grown enough, as far as readers let it.
  [[nodiscard]] bool checkpoint_if_due();
  void rollback() noexcept;

 private:
  // Ends the WAL behind its first `frames`. False: somebody has written since `version`.
  [[nodiscard]] bool cut_wal(int frames, std::int64_t version);
  [[nodiscard]] std::int64_t data_version();  // changes when another connection has written
  [[nodiscard]] bool update_number(std::string_view key, std::int64_t value);
  [[nodiscard]] bool find_or_insert_room(std::string_view name, std::int64_t& id);

  PendingMessages pending_;
  Connection connection_;
  Statement begin_;
  Statement commit_;
  Statement rollback_;
  Statement insert_pending_;
  Statement insert_account_;
  Statement set_password_;
  Statement set_locked_;
  Statement remove_account_;
  Statement remove_bans_of_account_;
  Statement set_ban_;
  Statement remove_ban_;
  Statement remove_ended_bans_;
  Statement oldest_;
  Statement remove_messages_;
  Statement used_pages_;
  Statement find_room_;
  Statement insert_room_;
  Statement update_number_;
  Statement update_in_use_by_;
  Statement write_probe_;
  RoomIds rooms_;
  int wal_pages_ = 0;        // after the newest commit
  int checkpointed_at_ = 0;  // wal_pages_ at the newest checkpoint of this lap of the WAL
};

}  // namespace rookery::store
