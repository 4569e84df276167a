#include "master/ledger/wal_writes.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>

#include "ipc/os/errors.h"
#include "master/ledger/database_files.h"

namespace rookery::store {

namespace {

// 31 frames with pages of 4 KiB. SQLite's own files take less than 128 KiB in a write.
constexpr int kGatheredBytes = 31 * (int{kWalFrameHeaderBytes} + 4096);
// Ten small groups or so. More at once would delay the group whose sync has to write it.
constexpr sqlite3_int64 kAheadBytes = 256 * 1024;
constexpr int kZerosAtOnce = 64 * 1024;

sqlite3_vfs* usual = nullptr;

// What SQLite sees of a WAL. The usual VFS's file follows.
struct WalFile {
  sqlite3_file base{};           // first: SQLite's view of it
  sqlite3_int64 file_bytes = 0;  // as far as is known; others may have cut it
  sqlite3_int64 begin = 0;       // where the gathered bytes belong
  int gathered = 0;              // how many there are
  bool grown = false;            // since the newest sync
  std::unique_ptr<std::byte[]> bytes{new (std::nothrow) std::byte[kGatheredBytes]};

  [[nodiscard]] sqlite3_file* real() noexcept { return reinterpret_cast<sqlite3_file*>(real_memory()); }

  int write(const void* from, int count, sqlite3_int64 offset) {
    if (gathered > 0 && (offset != begin + gathered || count > kGatheredBytes - gathered)) {
      if (const int result = flush(); result != SQLITE_OK) return result;
    }
    if (count > kGatheredBytes) return put(from, count, offset);
    if (gathered == 0) begin = offset;
    std::memcpy(bytes.get() + gathered, from, static_cast<std::size_t>(count));
    gathered += count;
    return SQLITE_OK;
  }

  int flush() {
    if (gathered == 0) return SQLITE_OK;
    const int count = gathered;
    gathered = 0;
    return put(bytes.get(), count, begin);
  }

  int flush_for_sync() {
    const int result = flush();
    // Nothing may follow the header before it is on the disk.
    if (result == SQLITE_OK && grown && file_bytes > kWalHeaderBytes) write_zeros();
    grown = false;
    return result;
  }

 private:
  [[nodiscard]] std::byte* real_memory() noexcept;

  int put(const void* from, int count, sqlite3_int64 offset) {
    const int result = real()->pMethods->xWrite(real(), from, count, offset);
    if (result != SQLITE_OK) return result;
    const sqlite3_int64 end = offset + count;
    if (end > file_bytes) {
      file_bytes = end;
      grown = true;
    }
    return SQLITE_OK;
  }

  void write_zeros() {
    static constexpr std::array<std::byte, kZerosAtOnce> zeros{};
    const sqlite3_int64 until = (file_bytes / kAheadBytes + 1) * kAheadBytes;
    while (file_bytes < until) {
      const int count = static_cast<int>(std::min<sqlite3_int64>(kZerosAtOnce, until - file_bytes));
      if (real()->pMethods->xWrite(real(), zeros.data(), count, file_bytes) != SQLITE_OK) return;
      file_bytes += count;
    }
  }
};

constexpr std::size_t rounded_up(std::size_t bytes) {
  constexpr std::size_t kUnit = alignof(std::max_align_t);
  return (bytes + kUnit - 1) / kUnit * kUnit;
}
constexpr std::size_t kOwnBytes = rounded_up(sizeof(WalFile));

std::byte* WalFile::real_memory() noexcept {
  return reinterpret_cast<std::byte*>(this) + kOwnBytes;
}

WalFile& wal(sqlite3_file* file) noexcept {
  return *reinterpret_cast<WalFile*>(file);
}

int do_close(sqlite3_file* file) {
  // What is gathered now was never synced, so nobody was told of it.
  const int result = wal(file).real()->pMethods->xClose(wal(file).real());
  std::destroy_at(&wal(file));
  return result;
}

int do_write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
  return wal(file).write(bytes, count, offset);
}

int do_sync(sqlite3_file* file, int flags) {
  const int result = wal(file).flush_for_sync();
  return result != SQLITE_OK ? result : wal(file).real()->pMethods->xSync(wal(file).real(), flags);
}

int do_read(sqlite3_file* file, void* bytes, int count, sqlite3_int64 offset) {
  const int result = wal(file).flush();
  return result != SQLITE_OK ? result : wal(file).real()->pMethods->xRead(wal(file).real(), bytes, count, offset);
}

int do_truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (const int flushed = wal(file).flush(); flushed != SQLITE_OK) return flushed;
  const int result = wal(file).real()->pMethods->xTruncate(wal(file).real(), size);
  if (result == SQLITE_OK) wal(file).file_bytes = size;
  return result;
}

int do_file_size(sqlite3_file* file, sqlite3_int64* size) {
  const int result = wal(file).flush();
  return result != SQLITE_OK ? result : wal(file).real()->pMethods->xFileSize(wal(file).real(), size);
}

// Everything else as usual.
int do_lock(sqlite3_file* file, int kind) {
  return wal(file).real()->pMethods->xLock(wal(file).real(), kind);
}
int do_unlock(sqlite3_file* file, int kind) {
  return wal(file).real()->pMethods->xUnlock(wal(file).real(), kind);
}
int do_check_lock(sqlite3_file* file, int* result) {
  return wal(file).real()->pMethods->xCheckReservedLock(wal(file).real(), result);
}
int do_file_control(sqlite3_file* file, int operation, void* argument) {
  return wal(file).real()->pMethods->xFileControl(wal(file).real(), operation, argument);
}
int do_sector_size(sqlite3_file* file) {
  return wal(file).real()->pMethods->xSectorSize(wal(file).real());
}
int do_characteristics(sqlite3_file* file) {
  return wal(file).real()->pMethods->xDeviceCharacteristics(wal(file).real());
}

// Version 1: a WAL's index belongs to the database's file, not to the WAL's.
const sqlite3_io_methods wal_methods = {
    .iVersion = 1,
    .xClose = do_close,
    .xRead = do_read,
    .xWrite = do_write,
    .xTruncate = do_truncate,
    .xSync = do_sync,
    .xFileSize = do_file_size,
    .xLock = do_lock,
    .xUnlock = do_unlock,
    .xCheckReservedLock = do_check_lock,
    .xFileControl = do_file_control,
    .xSectorSize = do_sector_size,
    .xDeviceCharacteristics = do_characteristics,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int do_open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  if ((flags & SQLITE_OPEN_WAL) == 0) return usual->xOpen(usual, name, file, flags, out_flags);
  WalFile& self = *new (file) WalFile();
  if (self.bytes == nullptr) return SQLITE_NOMEM;
  const int result = usual->xOpen(usual, name, self.real(), flags, out_flags);
  // Like the usual one: methods are set exactly if there is something to close.
  if (self.real()->pMethods == nullptr) {
    std::destroy_at(&self);
    return result;
  }
  self.base.pMethods = &wal_methods;
  if (result != SQLITE_OK) return result;
  return self.real()->pMethods->xFileSize(self.real(), &self.file_bytes);
}

}  // namespace

const char* gathered_wal_vfs() {
  static const char* const name = [] {
    static sqlite3_vfs ours{};
    usual = sqlite3_vfs_find(nullptr);
    ours = *usual;
    ours.szOsFile = static_cast<int>(kOwnBytes) + usual->szOsFile;
    ours.pNext = nullptr;
    ours.zName = "gathered-wal";
    ours.xOpen = do_open;
    ROOKERY_INVARIANT(sqlite3_vfs_register(&ours, 0) == SQLITE_OK);
    return ours.zName;
  }();
  return name;
}

}  // namespace rookery::store
