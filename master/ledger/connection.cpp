#include "master/ledger/connection.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <new>
#include <utility>

#include "ipc/os/errors.h"
#include "master/ledger/store.h"
#include "master/ledger/wal_writes.h"

namespace rookery::store {

namespace {

int open_flags(OpenMode mode) noexcept {
  // NOMUTEX: a connection has one thread, so SQLite need not lock at each call.
  switch (mode) {
    case OpenMode::ReadOnly:
      return SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
    case OpenMode::ReadWrite:
      return SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    case OpenMode::Create:
      return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  }
  return SQLITE_OPEN_READONLY;
}

std::string advice(int code, const std::filesystem::path& file) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return fmt::format("make room on the disk of {}", file.parent_path().string());
    case SQLITE_IOERR:
      return "look for disk errors in the kernel's log, and have a backup at hand";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return repair_advice(file);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another program is writing to it: end that program";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return "it and its directory must be there and writable for the server's user";
    default:
      return "see docs/storage.md";
  }
}

}  // namespace

std::string repair_advice(const std::filesystem::path& file) {
  return fmt::format(
      "restore a backup, or stop the server and save what can be read with: sqlite3 {} .dump, as docs/storage.md shows",
      file.string());
}

void Connection::Close::operator()(sqlite3* database) const noexcept {
  sqlite3_close_v2(database);
}

void prepare_sqlite() noexcept {
  // Nobody reads SQLite's count of its memory, which takes a lock at each allocation. Too late once it is in use.
  static const int memory_not_counted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(memory_not_counted);
}

Connection::Connection(std::filesystem::path file, OpenMode mode) : file_(std::move(file)) {
  prepare_sqlite();
  sqlite3* database = nullptr;
  const char* const vfs = mode == OpenMode::ReadOnly ? nullptr : gathered_wal_vfs();
  const int result = sqlite3_open_v2(file_.c_str(), &database, open_flags(mode), vfs);
  database_.reset(database);  // even a failed open leaves a handle, which knows the reason
  if (database == nullptr) throw std::bad_alloc();
  if (result != SQLITE_OK) fail("open it");
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_timeout(database, kBusyTimeoutMs);
  execute("PRAGMA temp_store = MEMORY",
          "keep its temporary tables in memory");  // the ledger's only directory is the data's
  if (mode != OpenMode::ReadOnly && sqlite3_db_readonly(database, "main") != 0) {
    throw StoreError(fmt::format("{}: cannot write to it; it must be writable for the server's user", file_.string()));
  }
}

void Connection::execute(const char* sql, std::string_view purpose) const {
  if (sqlite3_exec(get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail(purpose);
}

std::string Connection::explain(std::string_view purpose) const {
  const int code = sqlite3_extended_errcode(get());
  std::string reason = sqlite3_errmsg(get());
  const int error_number = sqlite3_system_errno(get());
  const int primary = code & 0xff;
  if (error_number != 0 && (primary == SQLITE_CANTOPEN || primary == SQLITE_IOERR || primary == SQLITE_FULL)) {
    reason += fmt::format(", {}", os::error_text(error_number));
  }
  return fmt::format("{}: cannot {}: {} (SQLite {}); {}", file_.string(), purpose, reason, code, advice(code, file_));
}

bool Connection::sync_failed() const noexcept {
  const int code = sqlite3_extended_errcode(get());
  return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
}

void Connection::fail(std::string_view purpose) const {
  if (sync_failed()) throw SyncFailed(explain(purpose));
  throw StoreError(explain(purpose));
}

}  // namespace rookery::store
