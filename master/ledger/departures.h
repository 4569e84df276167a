// master/ledger/departures.h
//
// Finds out in which rooms the clients of a dead worker were, so that they can leave them: what its session blocks say,
// and the joins and leaves it asked for but had not read in the log when it died.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "master/ledger/ledger_context.h"

namespace rookery::ledger {

struct Departure {
  std::uint64_t client = 0;
  std::uint64_t account = 0;
  std::uint32_t slot = 0;
  std::uint32_t room = 0;
  std::string name;
};

struct Departures {
  std::uint32_t worker = 0;
  bool searched = false;       // find_departures() has been asked
  std::deque<Departure> open;  // not published yet
};

// REQUIRES: the worker is dead and everything of its outboxes is published.
[[nodiscard]] Departures find_departures(const LedgerContext& context, std::uint32_t worker);

}  // namespace rookery::ledger
