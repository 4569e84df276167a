#include "master/ledger/copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "ipc/os/errors.h"
#include "ipc/os/file_descriptor.h"
#include "master/ledger/connection.h"
#include "master/ledger/database_files.h"
#include "master/ledger/schema.h"
#include "master/ledger/statement.h"
#include "master/ledger/store.h"

namespace rookery::store {

namespace {

namespace fs = std::filesystem;

constexpr int kPiecePages = 256;

[[noreturn]] void cannot(const char* what, const fs::path& file) {
  const int error_number = errno;
  throw StoreError(fmt::format("{}: cannot {}: {}", file.string(), what, os::error_text(error_number)));
}

// What SQLite puts beside the copy while it is not whole.
class SideFiles final {
 public:
  explicit SideFiles(fs::path file) : file_(std::move(file)) {}
  ~SideFiles() {
    for (const char* suffix : {"-journal", "-wal", "-shm"}) ::unlink(with_suffix(file_, suffix).c_str());
  }
  SideFiles(const SideFiles&) = delete;
  SideFiles& operator=(const SideFiles&) = delete;

 private:
  fs::path file_;
};

struct FinishBackup {
  void operator()(sqlite3_backup* backup) const noexcept { sqlite3_backup_finish(backup); }
};

void copy_pages(const Connection& from, const Connection& to, const std::function<bool()>& go_on) {
  const std::unique_ptr<sqlite3_backup, FinishBackup> backup(sqlite3_backup_init(to.get(), "main", from.get(), "main"));
  if (!backup) to.fail("copy to it");
  for (;;) {
    const int result = sqlite3_backup_step(backup.get(), kPiecePages);
    if (result == SQLITE_DONE) return;
    if (result != SQLITE_OK)
      throw StoreError(fmt::format("{}: cannot copy it to {}: {}", from.file().string(), to.file().string(),
                                   sqlite3_errstr(result)));
    if (!go_on()) throw StoreError(fmt::format("{}: the copy was given up", from.file().string()));
  }
}

}  // namespace

void sync_directory(const fs::path& directory) {
  const os::FileDescriptor descriptor(
      ::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor || ::fsync(descriptor.get()) != 0) cannot("bring it to the disk", directory);
}

CopyReport copy_database(const fs::path& from, const fs::path& to, os::IfThere if_there,
                         const std::function<bool()>& go_on) try {
  CopyReport report;
  os::NewFile copy(to, if_there);
  {
    const SideFiles side_files(copy.temporary_name());
    const Connection source(from, OpenMode::ReadOnly);
    check_identity(source, true);
    // With a transaction of our own the copy need not begin again at each commit of others.
    source.execute("BEGIN", "read it");
    Statement newest(source, "SELECT value FROM meta WHERE key='last_seq'");
    if (!newest.next()) source.fail("read its newest number");
    report.last_seq = newest.bits(0);
    const Connection target(copy.temporary_name(), OpenMode::ReadWrite);
    target.execute("PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF", "set it up");  // a power cut leaves no copy
    copy_pages(source, target, go_on);
    target.execute("PRAGMA journal_mode=DELETE", "finish it");  // one file alone; the pages say WAL
    newest.reset();
    source.execute("COMMIT", "read it");
  }
  struct stat status {};
  if (::fstat(copy.descriptor(), &status) != 0) cannot("look at it", to);
  report.bytes = static_cast<std::uint64_t>(status.st_size);
  copy.publish();
  return report;
} catch (const os::OutputFileError& error) {
  throw StoreError(error.what());
}

}  // namespace rookery::store
