#include "master/ledger/migration.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <cstddef>

#include "ipc/fault/fault_point.h"
#include "ipc/log.h"
#include "ipc/os/clock.h"
#include "ipc/os/errors.h"
#include "ipc/os/file_descriptor.h"
#include "ipc/wire/timestamp.h"
#include "master/ledger/connection.h"
#include "master/ledger/copy.h"
#include "master/ledger/schema.h"
#include "master/ledger/statement.h"
#include "master/ledger/store.h"

namespace rookery::store {

namespace {

struct Step {
  std::int64_t from;
  const char* sql;
};

// From each version to the next.
constexpr std::array kSteps{
    Step{1,
         "ALTER TABLE accounts ADD COLUMN locked INTEGER NOT NULL DEFAULT 0;"
         "INSERT INTO meta VALUES('pruned_to', 0)"},
    Step{2, kBansTable},
};
static_assert(kSteps.size() == kSchemaVersion - kOldestSchemaVersion);

// As the file has it, without its write-ahead log: never more than the store's. 0: no database to be seen.
std::int64_t version_in_header(const std::filesystem::path& file) {
  constexpr off_t kAt = 60;  // user_version, in the database header of SQLite
  const os::FileDescriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<unsigned char, 4> bytes{};
  if (!descriptor || ::pread(descriptor.get(), bytes.data(), bytes.size(), kAt) != static_cast<ssize_t>(bytes.size()))
    return 0;
  std::int64_t version = 0;
  for (const unsigned char byte : bytes) version = version * 256 + byte;
  return version;
}

std::filesystem::path copy_name(const std::filesystem::path& file, std::int64_t version) {
  const auto now = wire::format_timestamp(os::realtime_ms());
  constexpr std::size_t kDateBytes = 10;
  std::filesystem::path copy = file;
  copy += fmt::format(".v{}-{}", version, std::string_view(now.data(), kDateBytes));
  return copy;
}

void change_tables(const Connection& connection, std::int64_t version) {
  connection.execute("BEGIN IMMEDIATE", "migrate it");
  for (const Step& step : kSteps) {
    if (step.from < version) continue;
    connection.execute(step.sql, "migrate it");
    fault::point(fault::Point::StoreMigration);
  }
  const std::string marks =
      fmt::format("INSERT OR REPLACE INTO meta VALUES('compatible_from', {}); PRAGMA user_version={}", kCompatibleFrom,
                  kSchemaVersion);
  connection.execute(marks.c_str(), "migrate it");
  fault::point(fault::Point::StoreMigration);
  connection.execute("COMMIT", "migrate it");
}

void move_wal(const Connection& connection) {
  if (sqlite3_wal_checkpoint_v2(connection.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr) != SQLITE_OK)
    connection.fail("move its write-ahead log into it");
}

}  // namespace

void migrate(const std::filesystem::path& file, const std::function<void(const std::string&)>& look_first) {
  if (version_in_header(file) >= kSchemaVersion) return;
  const Connection connection(file, OpenMode::ReadWrite);
  sqlite3_db_config(connection.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  check_identity(connection, true);
  const std::int64_t version = schema_version(connection);
  if (version >= kSchemaVersion) return;  // its write-ahead log knows better
  {
    Statement select(connection, "SELECT value FROM meta WHERE key='in_use_by'");
    if (!select.next()) connection.fail("read who used it");
    look_first(std::string(select.text(0)));
  }
  check_whole(connection);
  connection.execute("PRAGMA synchronous=FULL; PRAGMA cache_spill=OFF", "set it up");
  move_wal(connection);

  const std::filesystem::path copy = copy_name(file, version);
  log::info("{} has version {} of the tables: it is copied to {} and brought to version {}", file.string(), version,
            copy.string(), kSchemaVersion);
  fault::point(fault::Point::StoreMigration);
  // One of the same day is what an attempt that was cut short has left.
  copy_database(file, copy, os::IfThere::Replace, [] {
    fault::point(fault::Point::StoreMigration);
    return true;
  });
  fault::point(fault::Point::StoreMigration);
  change_tables(connection, version);
  fault::point(fault::Point::StoreMigration);
  move_wal(connection);
  log::info("{} has version {} of the tables now", file.string(), kSchemaVersion);
}

std::optional<std::string> why_no_upgrade_in_place(const std::filesystem::path& file) {
  const std::int64_t version = version_in_header(file);
  if (version == 0 || version >= kCompatibleFrom) return std::nullopt;
  return fmt::format(
      "its store has version {} of the tables and the new program makes version {} of it, which the old one could not "
      "take back: stop the server and start the new one",
      version, kSchemaVersion);
}

}  // namespace rookery::store
