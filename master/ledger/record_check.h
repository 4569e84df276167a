// master/ledger/record_check.h
//
// Is a record from an outbox one that a sane worker makes? What passes goes to every client and into the database, so
// all that the rest of the server relies on is checked here once: a worker that has run wild can write anything with a
// right checksum.
#pragma once

#include <string_view>

#include "ipc/chat/record.h"

namespace rookery::ledger {

// What is wrong with it, for the operator; empty when it is sound. A sound record is of a kind that workers make, has
// no flag and op that its kind does not have, valid names of people and rooms, text and request id of UTF-8 that fit a
// line, and a password hash that fits the user table. Numbers of clients, accounts and rooms are not judged: whoever
// uses them bounds them.
[[nodiscard]] std::string_view what_is_wrong(const chat::Record& record) noexcept;

}  // namespace rookery::ledger
