// master/ledger/migration.h
//
// Brings a store of an older version to this one, at the start of the ledger. First a copy of it is made beside it
// (rookery.db.v1-DATE), then all that is to change changes in one transaction: whatever instant the ledger dies at, or
// the disk is full, the store is one version or the other, whole. A store of a newer version is left as it is; whether
// it may be used is check_identity()'s to say.
//
// To make a new version: kSchemaVersion and kCompatibleFrom in schema.h, the tables in schema.cpp, a row in
// migration.cpp. Only add: an upgrade in place can be taken back, and then the old program meets the new tables.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace rookery::store {

// Nothing when the store is not older. `look_first`, with who had it open last (meta's in_use_by), may throw: nothing
// has been written by then. REQUIRES: nobody else has it open. Throws StoreError, SyncFailed.
void migrate(const std::filesystem::path& file, const std::function<void(const std::string& in_use_by)>& look_first);

// Why a running server with this store must not be upgraded to this program in place: its way back would be gone, since
// the program that runs could not use what this one makes of the store. Empty: it may. Reads the file's header alone.
[[nodiscard]] std::optional<std::string> why_no_upgrade_in_place(const std::filesystem::path& file);

}  // namespace rookery::store
