#include "tests/fault/points/faulty_files.h"

#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "ipc/fault/fault_point.h"

namespace rookery::fault {

namespace {

struct FaultyFile {
  sqlite3_file base;  // what SQLite sees; first
  int flags;          // what it is: SQLITE_OPEN_WAL, SQLITE_OPEN_MAIN_DB, ...
  // The usual VFS's file follows.

  [[nodiscard]] sqlite3_file* real() noexcept { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
static_assert(sizeof(FaultyFile) % alignof(std::max_align_t) == 0);

sqlite3_vfs* usual = nullptr;
int last_error = 0;

FaultyFile& faulty(sqlite3_file* file) noexcept {
  return *reinterpret_cast<FaultyFile*>(file);
}
sqlite3_file* real(sqlite3_file* file) noexcept {
  return faulty(file).real();
}

bool is_wal(const FaultyFile& file) noexcept {
  return (file.flags & SQLITE_OPEN_WAL) != 0;
}

bool is_database(const FaultyFile& file) noexcept {
  return (file.flags & SQLITE_OPEN_MAIN_DB) != 0;
}

int write_result(int error) noexcept {
  last_error = error;
  return error == ENOSPC || error == EDQUOT ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

int do_write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
  FaultyFile& self = faulty(file);
  if (!is_wal(self) && !is_database(self)) return self.real()->pMethods->xWrite(self.real(), bytes, count, offset);
  const Effect effect = effect_at(is_wal(self) ? Point::StoreWrite : Point::StoreDatabaseWrite);
  if (effect.short_bytes) {
    const int some = static_cast<int>(std::min<std::uint64_t>(*effect.short_bytes, static_cast<std::uint64_t>(count)));
    if (some > 0) static_cast<void>(self.real()->pMethods->xWrite(self.real(), bytes, some, offset));
  }
  if (effect) return write_result(effect.error);
  const int result = self.real()->pMethods->xWrite(self.real(), bytes, count, offset);
  if (is_wal(self)) point(Point::StoreAfterWrite);
  return result;
}

int do_sync(sqlite3_file* file, int flags) {
  FaultyFile& self = faulty(file);
  if (!is_wal(self) && !is_database(self)) return self.real()->pMethods->xSync(self.real(), flags);
  if (const Effect effect = effect_at(is_wal(self) ? Point::StoreSync : Point::StoreDatabaseSync)) {
    last_error = effect.error;
    return SQLITE_IOERR_FSYNC;
  }
  const int result = self.real()->pMethods->xSync(self.real(), flags);
  if (is_wal(self)) point(Point::StoreAfterSync);
  return result;
}

// Everything else as usual.
int do_close(sqlite3_file* file) {
  return real(file)->pMethods->xClose(real(file));
}
int do_read(sqlite3_file* file, void* bytes, int count, sqlite3_int64 offset) {
  return real(file)->pMethods->xRead(real(file), bytes, count, offset);
}
int do_truncate(sqlite3_file* file, sqlite3_int64 size) {
  return real(file)->pMethods->xTruncate(real(file), size);
}
int do_file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real(file)->pMethods->xFileSize(real(file), size);
}
int do_lock(sqlite3_file* file, int kind) {
  return real(file)->pMethods->xLock(real(file), kind);
}
int do_unlock(sqlite3_file* file, int kind) {
  return real(file)->pMethods->xUnlock(real(file), kind);
}
int do_check_lock(sqlite3_file* file, int* result) {
  return real(file)->pMethods->xCheckReservedLock(real(file), result);
}
int do_file_control(sqlite3_file* file, int operation, void* argument) {
  return real(file)->pMethods->xFileControl(real(file), operation, argument);
}
int do_sector_size(sqlite3_file* file) {
  return real(file)->pMethods->xSectorSize(real(file));
}
int do_characteristics(sqlite3_file* file) {
  return real(file)->pMethods->xDeviceCharacteristics(real(file));
}
int do_shm_map(sqlite3_file* file, int page, int page_size, int extend, void volatile** memory) {
  return real(file)->pMethods->xShmMap(real(file), page, page_size, extend, memory);
}
int do_shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}
void do_shm_barrier(sqlite3_file* file) {
  real(file)->pMethods->xShmBarrier(real(file));
}
int do_shm_unmap(sqlite3_file* file, int remove) {
  return real(file)->pMethods->xShmUnmap(real(file), remove);
}

const sqlite3_io_methods methods = {
    .iVersion = 2,
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
    .xShmMap = do_shm_map,
    .xShmLock = do_shm_lock,
    .xShmBarrier = do_shm_barrier,
    .xShmUnmap = do_shm_unmap,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int do_open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  FaultyFile& self = *new (file) FaultyFile{};
  self.flags = flags;
  const int result = usual->xOpen(usual, name, self.real(), flags, out_flags);
  // Like the usual one: methods are set exactly if there is something to close.
  self.base.pMethods = self.real()->pMethods != nullptr ? &methods : nullptr;
  return result;
}

int do_last_error(sqlite3_vfs*, int size, char* text) {
  if (last_error != 0) return last_error;
  return usual->xGetLastError(usual, size, text);
}

}  // namespace

void use_faulty_files() {
  usual = sqlite3_vfs_find(nullptr);
  static sqlite3_vfs ours = *usual;
  ours.szOsFile = static_cast<int>(sizeof(FaultyFile)) + usual->szOsFile;
  ours.pNext = nullptr;
  ours.zName = "faulty";
  ours.xOpen = do_open;
  ours.xGetLastError = do_last_error;
  if (sqlite3_vfs_register(&ours, 1) != SQLITE_OK) std::abort();
}

}  // namespace rookery::fault
