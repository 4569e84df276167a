#include "master/ledger/schema.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <string>
#include <system_error>

#include "ipc/os/errors.h"
#include "ipc/os/file_descriptor.h"
#include "master/ledger/connection.h"
#include "master/ledger/statement.h"
#include "master/ledger/store.h"

namespace rookery::store {

namespace {

// An index on room_id alone orders by (room_id, seq): SQLite ends each entry of an index with the row's key.
constexpr const char* kTables = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE accounts(
  id            INTEGER PRIMARY KEY,
  name          TEXT NOT NULL UNIQUE COLLATE NOCASE,
  password_hash TEXT NOT NULL,
  seq           INTEGER NOT NULL,
  created_ms    INTEGER NOT NULL,
  locked        INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE rooms(
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE
) STRICT;
CREATE TABLE messages(
  seq           INTEGER PRIMARY KEY,
  time_ms       INTEGER NOT NULL,
  room_id       INTEGER,           -- NULL: a direct message
  kind          INTEGER NOT NULL,  -- 1 to a room, 2 to everybody, 3 direct
  flags         INTEGER NOT NULL,  -- 1: target is the client id of a guest
  client        INTEGER NOT NULL,
  account       INTEGER NOT NULL,  -- 0: a guest
  target        INTEGER NOT NULL,  -- direct: account id, or client id
  slot          INTEGER NOT NULL,
  slot_epoch    INTEGER NOT NULL,
  outbox_number INTEGER NOT NULL,
  name          TEXT NOT NULL,
  target_name   TEXT NOT NULL,     -- direct: to whom
  text          TEXT NOT NULL
) STRICT;
CREATE INDEX messages_by_room ON messages(room_id) WHERE room_id IS NOT NULL;
)sql";

[[noreturn]] void cannot_create(const std::filesystem::path& file) {
  const int error_number = errno;
  throw StoreError(
      fmt::format("{}: cannot create it: {}; its directory must be there, writable for the server's user, on a "
                  "disk with room",
                  file.string(), os::error_text(error_number)));
}

void fill(const std::filesystem::path& file) {
  const Connection connection(file, OpenMode::ReadWrite);
  connection.execute("PRAGMA synchronous=FULL", "set it up");
  connection.execute("BEGIN", "set it up");
  connection.execute(
      fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", kApplicationId, kSchemaVersion).c_str(),
      "set it up");
  connection.execute(kTables, "create its tables");
  connection.execute(kBansTable, "create its tables");
  const std::string rows = fmt::format(
      "INSERT INTO rooms VALUES({}, '*');"
      "INSERT INTO meta VALUES('epoch', '{}'), ('last_seq', 0), ('next_client', 1), ('next_account', 1),"
      " ('last_time_ms', 0), ('in_use_by', ''), ('compatible_from', {}), ('pruned_to', 0)",
      kBroadcastRoom, new_epoch(), kCompatibleFrom);
  connection.execute(rows.c_str(), "create its tables");
  connection.execute("COMMIT", "create its tables");
}

std::int64_t pragma_number(const Connection& connection, std::string_view sql) {
  Statement pragma(connection, sql);
  if (!pragma.next()) connection.fail("read its header");
  return pragma.number(0);
}

}  // namespace

std::string new_epoch() {
  std::uint64_t bits = 0;
  // Up to 256 bytes come whole once the kernel's generator is seeded, which getrandom waits for.
  while (::getrandom(&bits, sizeof bits, 0) != static_cast<ssize_t>(sizeof bits)) {
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "getrandom");
  }
  return fmt::format("{:016x}", bits);
}

void create_database(const std::filesystem::path& file) {
  std::filesystem::path unfinished = file;
  unfinished += ".new";
  std::filesystem::path journal = unfinished;
  journal += "-journal";
  // Left by a start that was cut short.
  for (const auto& left : {unfinished, journal}) {
    if (::unlink(left.c_str()) != 0 && errno != ENOENT) cannot_create(file);
  }
  // SQLite gives the WAL and its index the mode of the database.
  if (!os::FileDescriptor(::open(unfinished.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600))) cannot_create(file);
  fill(unfinished);
  if (::rename(unfinished.c_str(), file.c_str()) != 0) cannot_create(file);

  const os::FileDescriptor directory(::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) cannot_create(file);
}

std::int64_t schema_version(const Connection& connection) {
  return pragma_number(connection, "PRAGMA user_version");
}

void check_identity(const Connection& connection, bool older_too) {
  const std::int64_t application = pragma_number(connection, "PRAGMA application_id");
  if (application != kApplicationId) {
    throw StoreError(
        fmt::format("{}: belongs to another program (application id {:#x}); move it away, or choose another data "
                    "directory",
                    connection.file().string(), application));
  }
  const std::int64_t version = schema_version(connection);
  if (version == kSchemaVersion) return;
  if (version < kSchemaVersion && version >= kOldestSchemaVersion && older_too) return;
  if (version > kSchemaVersion) {
    Statement select(connection, "SELECT value FROM meta WHERE key='compatible_from'");
    if (select.next() && select.number(0) >= 1 && select.number(0) <= kSchemaVersion) return;
  }
  throw StoreError(
      fmt::format("{}: has version {} of the tables and this server knows {}; start the server that made it, or a "
                  "newer one",
                  connection.file().string(), version, kSchemaVersion));
}

void check_whole(const Connection& connection) {
  // One finding is enough to refuse; the operator's own check lists them all.
  Statement check(connection, "PRAGMA quick_check(1)");
  if (!check.next()) connection.fail("check it");
  if (check.text(0) != "ok") {
    throw StoreError(fmt::format("{}: is damaged ({}); {}", connection.file().string(), check.text(0),
                                 repair_advice(connection.file())));
  }
}

}  // namespace rookery::store
