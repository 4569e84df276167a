// master/ledger/stored_bans.h
//
// Reads the table of bans: for the ledger's recovery, and for the operator's list.
#pragma once

#include <cstdint>
#include <vector>

#include "master/ledger/store.h"

namespace rookery::store {

class Connection;

// Those that have not ended by then, by mask. Of an account that a server of version 2 of the tables has removed: none.
// Throws StoreError.
[[nodiscard]] std::vector<StoredBan> read_bans(const Connection& connection, std::int64_t now_ms);

}  // namespace rookery::store
