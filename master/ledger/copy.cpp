#include "master/ledger/copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <memory>

#include "ipc/os/errors.h"
#include "ipc/os/file_descriptor.h"
#include "master/ledger/connection.h"
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

// A file under another name until it is whole; taken away if it does not get that far.
class Unfinished final {
 public:
  explicit Unfinished(const fs::path& file) : wanted_(file), name_(file) {
    name_ += ".part";
    remove();
    if (!os::FileDescriptor(::open(name_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)))
      cannot("create it", name_);
  }
  ~Unfinished() { remove(); }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;

  [[nodiscard]] const fs::path& name() const noexcept { return name_; }

  void finish() {
    {
      const os::FileDescriptor file(::open(name_.c_str(), O_RDWR | O_CLOEXEC));
      if (!file || ::fsync(file.get()) != 0) cannot("bring it to the disk", name_);
    }
    if (::rename(name_.c_str(), wanted_.c_str()) != 0) cannot("rename it", name_);
    sync_directory(wanted_.parent_path());
  }

 private:
  void remove() const noexcept {
    for (const char* suffix : {"", "-journal", "-wal", "-shm"}) ::unlink((name_.string() + suffix).c_str());
  }

  fs::path wanted_;
  fs::path name_;
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

void copy_database(const fs::path& from, const fs::path& to, const std::function<bool()>& go_on) {
  Unfinished copy(to);
  {
    const Connection source(from, OpenMode::ReadOnly);
    check_identity(source, true);
    // With a transaction of our own the copy need not begin again at each commit of others.
    source.execute("BEGIN; SELECT count(*) FROM meta", "read it");
    const Connection target(copy.name(), OpenMode::ReadWrite);
    target.execute("PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF", "set it up");  // a power cut leaves no copy
    copy_pages(source, target, go_on);
    target.execute("PRAGMA journal_mode=DELETE", "finish it");  // one file alone; the pages say WAL
    source.execute("COMMIT", "read it");
  }
  copy.finish();
}

}  // namespace rookery::store
