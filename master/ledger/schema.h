// master/ledger/schema.h
//
// The tables of rookery.db, how a new database comes to be, and how an old one is recognised. docs/storage.md describes
// the tables for people.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace rookery::store {

class Connection;

inline constexpr const char* kDatabaseName = "rookery.db";
inline constexpr std::int64_t kApplicationId = 0x524f4f4b;  // "ROOK"; `file rookery.db` shows it
inline constexpr std::int64_t kSchemaVersion = 3;
inline constexpr std::int64_t kOldestSchemaVersion = 1;  // that migration.h brings up to date
// The oldest version whose server may use a store of kSchemaVersion: what was added since, it does not miss.
inline constexpr std::int64_t kCompatibleFrom = 2;
inline constexpr std::int64_t kBroadcastRoom = 0;  // the id of room "*": every room's history has its messages

// Came with version 3, which the server of version 2 passes over.
inline constexpr const char* kBansTable =
    "CREATE TABLE bans("
    " mask     TEXT PRIMARY KEY COLLATE NOCASE,"
    " account  INTEGER NOT NULL,"
    " since_ms INTEGER NOT NULL,"
    " until_ms INTEGER NOT NULL,"
    " reason   TEXT NOT NULL"
    ") STRICT, WITHOUT ROWID;";

// Makes a whole new database, or nothing: it appears under its name with everything in it. Throws StoreError.
void create_database(const std::filesystem::path& file);

// 16 hexadecimal digits that no other epoch has. Throws std::system_error.
[[nodiscard]] std::string new_epoch();

// Throws StoreError when the file is not one of ours, or of another version: an older one, if not `older_too`, or a
// newer one that does not say that this server may use it.
void check_identity(const Connection& connection, bool older_too = false);

[[nodiscard]] std::int64_t schema_version(const Connection& connection);

// Reads all of the database and throws StoreError when it is not whole.
void check_whole(const Connection& connection);

}  // namespace rookery::store
