// master/ledger/wal_rewrite.h
//
// Makes true what the kernel says of a write-ahead log that a dead process has left.
//
// Why  Its last fsync may have failed. Then the kernel holds pages it calls clean that are not on the disk: another
// fsync
//      would say that all is well, SQLite would take their groups for stored, move them into the database and empty
//      the log; a power cut in the middle of that would leave a database with half of a group in it. Written again,
//      byte for byte, the pages are dirty again and the fsync tells the truth. A power cut while it happens does no
//      harm: the bytes are the same.
#pragma once

#include <filesystem>

namespace rookery::store {

// Writes the log of `database` over itself and syncs it. An absent or empty one is left alone. REQUIRES: nobody has the
// database open for writing. Throws SyncFailed, StoreError.
void rewrite_wal(const std::filesystem::path& database);

}  // namespace rookery::store
