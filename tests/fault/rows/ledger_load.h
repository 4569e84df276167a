// tests/fault/rows/ledger_load.h
//
// What must hold of a load after the ledger or its disk has suffered, beyond check_promises().
#pragma once

#include <string>
#include <vector>

#include "tests/system/harness/load.h"
#include "tests/system/harness/people.h"

namespace rookery::system_test {

// Everybody was sent the same messages in the same order, as far as they listened at the same time.
void check_one_order(const Load& load);

// A restart of the ledger is a pause: nobody was closed or refused, and each post was acknowledged and is there once.
void check_only_a_pause(const Load& load, const std::vector<HistoryItem>& history);

// What somebody was sent is in the history.
void check_seen_is_stored(const Load& load, const std::vector<HistoryItem>& history);

}  // namespace rookery::system_test
