// master/ledger/recovery.h
//
// What a ledger does before it serves: store what the log ring has and the store lacks, find out how far each outbox
// was taken, make rooms and user table agree with that. On a fresh ring this is how everything starts.
//
// Why it is exact: a batch is published by one store (committed_end). What follows from it (`taken`, rooms,
// applied_end) is written after that, so a ledger that died in between has left records between applied_end and
// committed_end that say what is missing; each carries its slot and its number in the outbox. What is not published was
// not taken either.
#pragma once

#include <cstdint>

#include "ipc/os/file_descriptor.h"
#include "master/ledger/ban_book.h"
#include "master/ledger/ledger_context.h"
#include "master/ledger/room_book.h"
#include "master/ledger/store.h"

namespace rookery::ledger {

// Where the sequencer goes on.
struct Recovered {
  std::uint64_t last_seq = 0;
  std::uint64_t next_client = 1;
  std::uint64_t next_account = 1;
  std::int64_t last_time_ms = 0;
  std::uint64_t records_stored = 0;  // found in the ring, not in the store
};

// Throws store::StoreError, std::runtime_error.
[[nodiscard]] Recovered recover(LedgerContext& context, store::Store& store, RoomBook& rooms,
                                shm::NameTableWriter& users, BanBook& bans);

}  // namespace rookery::ledger
