// tests/master/ledger/old_store.h
//
// Stores as the servers of versions 1 and 2 of the tables made them: their SQL, kept here as it was.
#pragma once

#include <sqlite3.h>
#include <sys/stat.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace rookery::test {

inline constexpr const char* kTablesOfVersion1 = R"sql(
PRAGMA application_id=0x524f4f4b; PRAGMA user_version=1;
CREATE TABLE meta(key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE accounts(
  id            INTEGER PRIMARY KEY,
  name          TEXT NOT NULL UNIQUE COLLATE NOCASE,
  password_hash TEXT NOT NULL,
  seq           INTEGER NOT NULL,
  created_ms    INTEGER NOT NULL
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
INSERT INTO rooms VALUES(0, '*'), (1, '#lobby');
INSERT INTO meta VALUES('epoch', '0123456789abcdef'), ('last_seq', 500), ('next_client', 17), ('next_account', 2),
  ('last_time_ms', 1700000000500), ('in_use_by', '');
INSERT INTO accounts VALUES(1, 'Alice', '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$x', 1, 1700000000001);
WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
INSERT INTO messages SELECT i, 1700000000000 + i, 1, 1, 0, 3, 1, 0, 0, 1, i, 'Alice', '', 'old message ' || i FROM n;
)sql";

// As a store of version 1 that was migrated; one that was made new had the same columns in the same order.
inline constexpr const char* kFromVersion1To2 = R"sql(
PRAGMA user_version=2;
ALTER TABLE accounts ADD COLUMN locked INTEGER NOT NULL DEFAULT 0;
INSERT INTO meta VALUES('pruned_to', 0), ('compatible_from', 2);
)sql";

// What is said in it, by number: "old message 2" to "old message 500" in #lobby.
inline void make_old_store(const std::filesystem::path& directory, int version) {
  const std::string file = (directory / "rookery.db").string();
  sqlite3* database = nullptr;
  const bool done = sqlite3_open(file.c_str(), &database) == SQLITE_OK &&
                    sqlite3_exec(database, "PRAGMA journal_mode=WAL", nullptr, nullptr, nullptr) == SQLITE_OK &&
                    sqlite3_exec(database, kTablesOfVersion1, nullptr, nullptr, nullptr) == SQLITE_OK &&
                    (version == 1 || sqlite3_exec(database, kFromVersion1To2, nullptr, nullptr, nullptr) == SQLITE_OK);
  const std::string why = done ? "" : sqlite3_errmsg(database);
  sqlite3_close(database);
  if (!done) throw std::runtime_error("cannot make an old store: " + why);
  ::chmod(file.c_str(), 0600);
}
inline void make_store_of_version_1(const std::filesystem::path& directory) {
  make_old_store(directory, 1);
}
inline void make_store_of_version_2(const std::filesystem::path& directory) {
  make_old_store(directory, 2);
}

// The first column of the first row.
inline std::string ask_sqlite(const std::filesystem::path& file, const std::string& sql) {
  sqlite3* database = nullptr;
  std::string answer;
  if (sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK) {
    const auto take = [](void* to, int, char** values, char**) {
      *static_cast<std::string*>(to) = values[0] == nullptr ? "NULL" : values[0];
      return 0;
    };
    if (sqlite3_exec(database, sql.c_str(), take, &answer, nullptr) != SQLITE_OK) answer = sqlite3_errmsg(database);
  }
  sqlite3_close(database);
  return answer;
}

}  // namespace rookery::test
