#include "master/ledger/wal_rewrite.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <vector>

#include "master/ledger/connection.h"
#include "master/ledger/store.h"

namespace rookery::store {

namespace {

constexpr sqlite3_int64 kPieceBytes = 64 * 1024;  // SQLite takes less than 128 KiB in a write

// SQLite's own way to its files, so that what it is told of errors is what we are told.
class WalToRewrite final {
 public:
  explicit WalToRewrite(const std::filesystem::path& database)
      : vfs_(sqlite3_vfs_find(nullptr)),
        wal_name_(database.string() + "-wal"),
        names_(sqlite3_create_filename(database.c_str(), "", wal_name_.c_str(), 0, nullptr)),
        memory_(static_cast<std::size_t>(vfs_->szOsFile) / sizeof(std::max_align_t) + 1) {
    if (names_ == nullptr) throw std::bad_alloc();
  }
  ~WalToRewrite() {
    if (file()->pMethods != nullptr) file()->pMethods->xClose(file());
    sqlite3_free_filename(names_);
  }
  WalToRewrite(const WalToRewrite&) = delete;
  WalToRewrite& operator=(const WalToRewrite&) = delete;

  // False: it is not there.
  [[nodiscard]] bool open() {
    int there = 0;
    check(vfs_->xAccess(vfs_, wal_name_.c_str(), SQLITE_ACCESS_EXISTS, &there), "look for it");
    if (there == 0) return false;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_WAL;
    check(vfs_->xOpen(vfs_, sqlite3_filename_wal(names_), file(), flags, &flags), "open it");
    return true;
  }
  [[nodiscard]] sqlite3_int64 size_bytes() {
    sqlite3_int64 bytes = 0;
    check(file()->pMethods->xFileSize(file(), &bytes), "read it");
    return bytes;
  }
  void write_again(std::vector<std::byte>& buffer, sqlite3_int64 offset, int bytes) {
    check(file()->pMethods->xRead(file(), buffer.data(), bytes, offset), "read it");
    check(file()->pMethods->xWrite(file(), buffer.data(), bytes, offset), "write to it");
  }
  void sync() { check(file()->pMethods->xSync(file(), SQLITE_SYNC_NORMAL), "sync it"); }

 private:
  [[nodiscard]] sqlite3_file* file() noexcept { return reinterpret_cast<sqlite3_file*>(memory_.data()); }

  void check(int result, const char* purpose) const {
    if (result == SQLITE_OK) return;
    const std::string text =
        fmt::format("{}: cannot {}: {} (SQLite {})", wal_name_, purpose, sqlite3_errstr(result), result);
    if (result == SQLITE_IOERR_FSYNC || result == SQLITE_IOERR_DIR_FSYNC) throw SyncFailed(text);
    throw StoreError(text);
  }

  sqlite3_vfs* vfs_;
  std::string wal_name_;
  sqlite3_filename names_;
  std::vector<std::max_align_t> memory_;  // of what SQLite calls a file; zeroed: not open
};

}  // namespace

void rewrite_wal(const std::filesystem::path& database) {
  prepare_sqlite();
  WalToRewrite wal(database);
  if (!wal.open()) return;
  const sqlite3_int64 end = wal.size_bytes();
  if (end == 0) return;
  std::vector<std::byte> buffer(static_cast<std::size_t>(kPieceBytes));
  for (sqlite3_int64 offset = 0; offset < end; offset += kPieceBytes)
    wal.write_again(buffer, offset, static_cast<int>(std::min(kPieceBytes, end - offset)));
  wal.sync();
}

}  // namespace rookery::store
