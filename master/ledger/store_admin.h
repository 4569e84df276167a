// master/ledger/store_admin.h
//
// What an operator does with a store: back it up, look whether it is whole, put a backup in its place, write out what
// was said. The running ledger does the first two and the last on a read-only connection of its own; rookery-ctl does
// all of it when no server runs:
//     std::optional<DirectoryLock> lock = DirectoryLock::take(data);   // empty: a server has it, exit code 69
//     RestoreReport report = restore_store(data, "/backups/rookery.db");
//
// All throw StoreError where they cannot; what() is one line for the operator. None of them changes the store but
// restore_store().
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/os/file_descriptor.h"
#include "ipc/os/output_file.h"
#include "master/ledger/store.h"

namespace rookery::store {

// Where a running ledger puts its backups and exports: it may write nowhere else.
inline constexpr std::string_view kBackupDirectory = "backups";

// The data directory's locks (master/supervisor/data_directory.h), held as long as this lives: no server can start.
// Does not wait.
class DirectoryLock final {
 public:
  // Empty: a server, or what is left of one, has it. Throws StoreError when there is no such directory.
  [[nodiscard]] static std::optional<DirectoryLock> take(const std::filesystem::path& directory);

 private:
  DirectoryLock(os::FileDescriptor directory, os::FileDescriptor file) noexcept
      : directory_(std::move(directory)), file_(std::move(file)) {}
  os::FileDescriptor directory_;
  os::FileDescriptor file_;
};

// Called several times a second at least, from the thread that asked. False: give up, by StoreError.
using GoOn = std::function<bool()>;
[[nodiscard]] inline bool always() {
  return true;
}

// Throws StoreError when `file` is one of those that a server keeps in `directory`, by whatever name: what an operator
// wants written must not take their place.
void refuse_own_file(const std::filesystem::path& directory, const std::filesystem::path& file);

struct BackupReport {
  std::uint64_t bytes = 0;
  std::uint64_t last_seq = 0;  // the newest message in it has this number or one below
};
// One consistent copy of `directory`'s store as `file`: mode 0600, fsynced, under its name only when it is whole. A
// regular file that has that name is replaced if `if_there` says so; nothing else is, and none of the server's own.
// With or without a server.
BackupReport backup_store(const std::filesystem::path& directory, const std::filesystem::path& file,
                          os::IfThere if_there, const GoOn& go_on = always);

struct CheckReport {
  std::uint64_t version = 0;  // of the tables
  std::uint64_t messages = 0;
  std::uint64_t accounts = 0;
  std::uint64_t last_seq = 0;
  std::string epoch;
  std::vector<std::string> problems;  // the first ones; empty: the store is whole
};
// `file` is a store or a backup of one. With or without a server.
[[nodiscard]] CheckReport check_store(const std::filesystem::path& file, const GoOn& go_on = always);
[[nodiscard]] std::filesystem::path store_file(const std::filesystem::path& directory);

struct RestoreReport {
  std::filesystem::path kept;  // the store that was there, under its new name; empty: there was none
  std::string epoch;           // that begins
  std::uint64_t last_seq = 0;
  std::uint64_t messages = 0;
  std::uint64_t accounts = 0;
};
// Checks `backup` whole, keeps the old store beside it as rookery.db.before-restore-DATE, puts a copy of the backup in
// its place and begins a new epoch: clients that resume are told the truth. Killed at any step it leaves the old store
// or the new one under its name, or none and the old one under its new name, which the start then refuses to overlook.
// REQUIRES: DirectoryLock.
RestoreReport restore_store(const std::filesystem::path& directory, const std::filesystem::path& backup);

struct AccountRow {
  std::uint64_t id = 0;
  std::string name;
  std::int64_t created_ms = 0;
  bool locked = false;
};
// Those whose names begin with `prefix` (in any case), by name, `limit` at most.
[[nodiscard]] std::vector<AccountRow> list_accounts(const std::filesystem::path& file, std::string_view prefix,
                                                    std::size_t limit);

// Those that have not ended by then, by mask.
[[nodiscard]] std::vector<StoredBan> list_bans(const std::filesystem::path& file, std::int64_t now_ms);

struct RoomRow {
  std::string name;  // "*": the broadcasts
  std::uint64_t messages = 0;
  std::int64_t oldest_ms = 0;  // 0 where there are none
  std::int64_t newest_ms = 0;
};
// Every room that has ever had a message, by name.
[[nodiscard]] std::vector<RoomRow> list_rooms(const std::filesystem::path& file, const GoOn& go_on = always);

// Each message kept, oldest first, as a line of JSON without its end: seq, epoch, time, room or to, from, account,
// text. `room` empty: all of them, direct ones too. `write` returns false to end it. Returns how many.
std::uint64_t export_history(const std::filesystem::path& file, std::string_view room,
                             const std::function<bool(std::string_view line)>& write, const GoOn& go_on = always);

}  // namespace rookery::store
