// master/ledger/store_restore.cpp: store_admin.h's restore_store().
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "ipc/os/clock.h"
#include "ipc/os/errors.h"
#include "ipc/wire/timestamp.h"
#include "master/ledger/connection.h"
#include "master/ledger/copy.h"
#include "master/ledger/database_files.h"
#include "master/ledger/schema.h"
#include "master/ledger/statement.h"
#include "master/ledger/store_admin.h"
#include "master/ledger/wal_check.h"

namespace rookery::store {

namespace {

namespace fs = std::filesystem;

// Unused so far: an operator may restore twice in a second.
fs::path kept_name(const fs::path& file) {
  const auto now = wire::format_timestamp(os::realtime_ms());
  std::string date(now.data(), now.size());
  std::replace(date.begin(), date.end(), ':', '-');
  fs::path name = file;
  name += ".before-restore-" + date;
  while (fs::exists(name)) name += "+";
  return name;
}

// What is only in the write-ahead log comes into the file, so that it can be kept alone. A store that is not whole is
// kept as it is, with its log: SQLite would take a damaged one as far as it goes and throw the rest away.
void fold_wal(const fs::path& file) noexcept {
  try {
    if (inspect_wal(with_suffix(file, "-wal")).condition != WalCondition::Whole) return;
    const Connection connection(file, OpenMode::ReadWrite);
    sqlite3_db_config(connection.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    check_identity(connection, true);
    static_cast<void>(
        sqlite3_wal_checkpoint_v2(connection.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr));
  } catch (const std::exception&) {
    return;
  }
}

void link_as(const fs::path& file, const fs::path& name) {
  if (::link(file.c_str(), name.c_str()) != 0)
    throw StoreError(fmt::format("{}: cannot keep it as {}: {}", file.string(), name.string(), os::error_text(errno)));
}

void remove_file(const fs::path& file) {
  if (::unlink(file.c_str()) != 0 && errno != ENOENT)
    throw StoreError(fmt::format("{}: cannot remove it: {}", file.string(), os::error_text(errno)));
}

// The old store gets a second name; then its log must go before another file has its name, or SQLite would take the log
// for that one's. Who dies in between leaves an old store that the ledger finds shorter than what it has acknowledged.
fs::path keep_old(const fs::path& file) {
  if (!fs::exists(file)) return {};
  fold_wal(file);
  const fs::path wal = with_suffix(file, "-wal");
  fs::path kept = kept_name(file);
  link_as(file, kept);
  std::error_code error;
  const auto wal_bytes = fs::file_size(wal, error);
  if (!error && wal_bytes > 0) link_as(wal, with_suffix(kept, "-wal"));
  sync_directory(file.parent_path());
  return kept;
}

// Numbers above the backup's newest were given to messages that are gone: they may be given again.
std::string begin_epoch(const fs::path& file) {
  const Connection connection(file, OpenMode::ReadWrite);
  const std::string epoch = new_epoch();
  connection.execute("PRAGMA synchronous=FULL; BEGIN IMMEDIATE", "begin a new epoch");
  const std::string sql = fmt::format(
      "INSERT INTO meta SELECT printf('past_epoch_%06d', (SELECT count(*) FROM meta WHERE key GLOB 'past_epoch_*')),"
      " e.value || ' ' || s.value FROM meta AS e, meta AS s WHERE e.key = 'epoch' AND s.key = 'last_seq';"
      "UPDATE meta SET value = '{}' WHERE key = 'epoch'; UPDATE meta SET value = '' WHERE key = 'in_use_by'; COMMIT",
      epoch);
  connection.execute(sql.c_str(), "begin a new epoch");
  return epoch;
}

}  // namespace

RestoreReport restore_store(const fs::path& directory, const fs::path& backup) {
  const fs::path file = store_file(directory);
  const fs::path fresh = with_suffix(file, ".restored");
  std::error_code error;
  if (fs::equivalent(backup, file, error))
    throw StoreError(fmt::format("{}: is the store itself, not a backup of it", backup.string()));
  if (!fs::exists(backup)) throw StoreError(fmt::format("{}: is not there", backup.string()));
  // The copy is checked, not the backup: it is what will serve.
  copy_database(backup, fresh, os::IfThere::Replace, always);
  RestoreReport report;
  try {
    const CheckReport check = check_store(fresh);
    if (!check.problems.empty())
      throw StoreError(
          fmt::format("{}: is damaged ({}); the store was left as it is", backup.string(), check.problems.front()));
    report.last_seq = check.last_seq;
    report.messages = check.messages;
    report.accounts = check.accounts;
    report.epoch = begin_epoch(fresh);
    report.kept = keep_old(file);
    for (const char* suffix : {"-wal", "-shm"}) remove_file(with_suffix(file, suffix));
    if (::rename(fresh.c_str(), file.c_str()) != 0)
      throw StoreError(fmt::format("{}: cannot rename it: {}", fresh.string(), os::error_text(errno)));
    sync_directory(directory);
  } catch (const std::exception&) {
    ::unlink(fresh.c_str());
    throw;
  }
  return report;
}

}  // namespace rookery::store
