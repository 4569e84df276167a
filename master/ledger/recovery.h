// master/ledger/recovery.h
//
// What a ledger does before it serves: store what the log ring has and the store lacks, find out how far each outbox
// was taken, make state, rooms and user table agree with that. On a fresh ring this is how everything starts.
//
// Why it is exact: a batch is published by one store (committed_end). What follows from it (`taken`, rooms,
// applied_end) is written after that, so a ledger that died in between has left records between applied_end and
// committed_end that say what is missing; each carries its slot and its number in the outbox. What is not published was
// not taken either.
#pragma once

#include <cstdint>

#include "master/ledger/apply/state_machine.h"
#include "master/ledger/ban_book.h"
#include "master/ledger/ledger_context.h"
#include "master/ledger/room_table.h"
#include "master/ledger/store.h"

namespace rookery::ledger {

// Brings store, state, room table, user table and bans up to the end of the log ring. Returns how many records were
// found in the ring and not in the store. Throws store::StoreError, std::runtime_error.
[[nodiscard]] std::uint64_t recover(LedgerContext& context, store::Store& store, StateMachine& state, RoomTable& rooms,
                                    shm::NameTableWriter& users, BanBook& bans);

}  // namespace rookery::ledger
