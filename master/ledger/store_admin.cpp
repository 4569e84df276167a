#include "master/ledger/store_admin.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "ipc/os/errors.h"
#include "ipc/wire/data_directory.h"
#include "ipc/wire/limits.h"
#include "master/ledger/connection.h"
#include "master/ledger/copy.h"
#include "master/ledger/schema.h"
#include "master/ledger/statement.h"
#include "master/ledger/stored_bans.h"

namespace rookery::store {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 7> kOwnFiles{kDatabaseName,           "rookery.db-wal", "rookery.db-shm",
                                                    "rookery.db-journal",    "published",      "lock",
                                                    wire::kControlSocketName};
constexpr std::size_t kMostProblems = 20;
constexpr int kStepsBetweenLooks = 100'000;  // of SQLite's virtual machine: some milliseconds

// A read-only connection whose statements end when they are to be given up.
class Inquiry final {
 public:
  Inquiry(const fs::path& file, const GoOn& go_on) : connection_(file, OpenMode::ReadOnly), go_on_(go_on) {
    check_identity(connection_, true);
    sqlite3_progress_handler(
        connection_.get(), kStepsBetweenLooks,
        [](void* self) { return static_cast<const Inquiry*>(self)->go_on_() ? 0 : 1; }, this);
  }
  Inquiry(const Inquiry&) = delete;
  Inquiry& operator=(const Inquiry&) = delete;

  [[nodiscard]] const Connection& connection() const noexcept { return connection_; }

  [[nodiscard]] std::int64_t number(const char* sql) const {
    Statement select(connection_, sql);
    if (!select.next()) {
      if (select.failed()) connection_.fail("read it");
      return 0;
    }
    return select.number(0);
  }
  [[nodiscard]] std::string text(const char* sql) const {
    Statement select(connection_, sql);
    if (!select.next()) connection_.fail("read it");
    return std::string(select.text(0));
  }

 private:
  Connection connection_;
  const GoOn& go_on_;
};

// What SQLite knows nothing of: how our tables hang together. Each counts what must not be there.
struct Invariant {
  const char* count;
  const char* says;
};
constexpr std::array kInvariants{
    Invariant{"SELECT count(*) FROM messages WHERE seq > (SELECT value FROM meta WHERE key='last_seq') OR seq < 1",
              "messages with a number beyond the newest one noted"},
    Invariant{"SELECT count(*) FROM messages WHERE kind NOT IN (1, 2, 3)", "messages of a kind that there is not"},
    Invariant{"SELECT count(*) FROM messages WHERE (kind = 3) <> (room_id IS NULL)",
              "direct messages in a room, or others without one"},
    Invariant{"SELECT count(*) FROM messages WHERE room_id IS NOT NULL AND room_id NOT IN (SELECT id FROM rooms)",
              "messages of a room that there is not"},
    Invariant{"SELECT count(*) FROM accounts WHERE id >= (SELECT value FROM meta WHERE key='next_account') OR id < 1",
              "accounts with an id that was never given out"},
    Invariant{"SELECT count(*) FROM accounts WHERE length(password_hash) NOT BETWEEN 1 AND 127 OR"
              " length(name) NOT BETWEEN 1 AND 32",
              "accounts with a name or a password hash that none can have"},
    Invariant{"SELECT 5 - count(*) FROM meta WHERE key IN"
              " ('epoch', 'last_seq', 'next_client', 'next_account', 'last_time_ms')",
              "rows missing from the table meta"},
    Invariant{"SELECT count(*) FROM meta WHERE key='epoch' AND (length(value) <> 16 OR value GLOB '*[^0-9a-f]*')",
              "epochs that are none"},
};

void check_with_sqlite(const Inquiry& inquiry, CheckReport& report) {
  Statement check(inquiry.connection(), "PRAGMA integrity_check(20)");
  while (check.next())
    if (check.text(0) != "ok") report.problems.emplace_back(check.text(0));
  if (!check.failed()) return;
  const int code = sqlite3_errcode(inquiry.connection().get()) & 0xff;
  if (code != SQLITE_CORRUPT && code != SQLITE_NOTADB) inquiry.connection().fail("check it");
  report.problems.emplace_back(sqlite3_errmsg(inquiry.connection().get()));  // so bad that it cannot go on
}

// False: somebody else has it.
bool try_lock(int descriptor, const fs::path& name) {
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) throw StoreError(fmt::format("{}: cannot lock it: {}", name.string(), os::error_text(errno)));
  }
  return true;
}

}  // namespace

fs::path store_file(const fs::path& directory) {
  return directory / kDatabaseName;
}

std::optional<DirectoryLock> DirectoryLock::take(const fs::path& directory) {
  os::FileDescriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened) throw StoreError(fmt::format("{}: cannot open it: {}", directory.string(), os::error_text(errno)));
  // Some file systems lock no directories: then the file has to do.
  if (::flock(opened.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return std::nullopt;
  const fs::path name = directory / "lock";
  os::FileDescriptor file(::openat(opened.get(), "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) throw StoreError(fmt::format("{}: cannot open it: {}", name.string(), os::error_text(errno)));
  if (!try_lock(file.get(), name)) return std::nullopt;
  return DirectoryLock(std::move(opened), std::move(file));
}

void refuse_own_file(const fs::path& directory, const fs::path& file) {
  const fs::path parent = file.has_parent_path() ? file.parent_path() : fs::path(".");
  std::error_code error;
  for (const std::string_view name : kOwnFiles) {
    // Some of them are not there while no server runs, and would be taken for the store's at the next start.
    const bool same_name = file.filename() == name && fs::equivalent(parent, directory, error);
    if (!same_name && !fs::equivalent(file, directory / name, error)) continue;
    throw StoreError(fmt::format("{}: is the server's own {}; choose another name", file.string(), name));
  }
}

BackupReport backup_store(const fs::path& directory, const fs::path& file, os::IfThere if_there, const GoOn& go_on) {
  refuse_own_file(directory, file);
  const CopyReport copy = copy_database(store_file(directory), file, if_there, go_on);
  return {.bytes = copy.bytes, .last_seq = copy.last_seq};
}

CheckReport check_store(const fs::path& file, const GoOn& go_on) {
  const Inquiry inquiry(file, go_on);
  CheckReport report;
  report.version = static_cast<std::uint64_t>(schema_version(inquiry.connection()));
  check_with_sqlite(inquiry, report);
  if (!report.problems.empty()) return report;
  // One transaction, so that what others store meanwhile does not look like a contradiction.
  inquiry.connection().execute("BEGIN", "read it");
  for (const Invariant& invariant : kInvariants) {
    const std::int64_t found = inquiry.number(invariant.count);
    if (found != 0 && report.problems.size() < kMostProblems)
      report.problems.push_back(fmt::format("{} {}", found, invariant.says));
  }
  report.messages = static_cast<std::uint64_t>(inquiry.number("SELECT count(*) FROM messages"));
  report.accounts = static_cast<std::uint64_t>(inquiry.number("SELECT count(*) FROM accounts"));
  report.last_seq = static_cast<std::uint64_t>(inquiry.number("SELECT value FROM meta WHERE key='last_seq'"));
  report.epoch = inquiry.text("SELECT value FROM meta WHERE key='epoch'");
  inquiry.connection().execute("COMMIT", "read it");
  return report;
}

std::vector<AccountRow> list_accounts(const fs::path& file, std::string_view prefix, std::size_t limit) {
  const GoOn go_on = always;
  const Inquiry inquiry(file, go_on);
  Statement select(inquiry.connection(),
                   "SELECT id, name, created_ms, locked FROM accounts WHERE name >= ?1 ORDER BY name LIMIT ?2");
  select.bind(1, prefix);
  select.bind(2, static_cast<std::int64_t>(limit));
  std::vector<AccountRow> rows;
  while (select.next()) {
    const std::string_view name = select.text(1);
    if (sqlite3_strnicmp(name.data(), prefix.data(), static_cast<int>(prefix.size())) != 0) break;
    rows.push_back({select.bits(0), std::string(name), select.number(2), select.number(3) != 0});
  }
  if (select.failed()) inquiry.connection().fail("read its accounts");
  return rows;
}

std::vector<StoredBan> list_bans(const fs::path& file, std::int64_t now_ms) {
  const GoOn go_on = always;
  const Inquiry inquiry(file, go_on);
  return read_bans(inquiry.connection(), now_ms);
}

std::vector<RoomRow> list_rooms(const fs::path& file, const GoOn& go_on) {
  const Inquiry inquiry(file, go_on);
  // The index has all that is grouped; the times of two messages of each room are looked up.
  Statement select(inquiry.connection(),
                   "SELECT r.name, coalesce(c.n, 0), o.time_ms, w.time_ms FROM rooms r LEFT JOIN"
                   " (SELECT room_id, count(*) n, min(seq) first, max(seq) last FROM messages"
                   "  WHERE room_id IS NOT NULL GROUP BY room_id) c ON c.room_id = r.id"
                   " LEFT JOIN messages o ON o.seq = c.first LEFT JOIN messages w ON w.seq = c.last"
                   " ORDER BY r.name");
  std::vector<RoomRow> rows;
  while (select.next())
    rows.push_back({std::string(select.text(0)), select.bits(1), select.number(2), select.number(3)});
  if (select.failed()) inquiry.connection().fail("read its rooms");
  return rows;
}

}  // namespace rookery::store
