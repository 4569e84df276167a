// master/ledger/departures.h
//
// Finds out who must be taken out of rooms when a worker has died. Its clients stay: whoever carries them on has them
// in their rooms as before. But who was gone already, while the join was still under way, was to be taken out by the
// loop as soon as it read the join; that is done in its place.
//
// Asked again, by a ledger whose predecessor had published some of it, it finds the rest: the leaves are in the log.
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
