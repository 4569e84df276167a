// Delivery's part about the memory of the tapes: what they hold together is bounded. One slow reader in many rooms
// would else make each of their tapes hold what it has not had.
#include <algorithm>
#include <array>
#include <unordered_set>
#include <vector>

#include "worker/delivery/delivery.h"

namespace rookery::worker {

namespace {

// What keeps entries on the tapes: who reads the ring or goes needs none of them.
bool takes_from_tapes(const Session& session) noexcept {
  return session.open() && session.behind() && !session.reads_ring && !session.lingering;
}

}  // namespace

// At the end of a flush: who is not behind has had everything. First goes what nobody needs, and then on until a
// quarter is free, so that it is not begun anew with each message.
void Delivery::keep_within_memory() {
  if (tape_memory_.bytes > tape_memory_.most) {
    const std::size_t enough = tape_memory_.most / 4 * 3;
    topics.shrink_empty_tapes();
    if (tape_memory_.bytes > enough) drop_what_nobody_needs();
    while (tape_memory_.bytes > enough && pass_over_furthest()) drop_what_nobody_needs();
  }
  chat::set(control_.counters.tape_bytes, tape_memory_.bytes);
}

// Those that lack at least half as much as the one that lacks most, in bytes: together, for each look at all of them
// costs as much as the first. False: nobody lacks anything.
bool Delivery::pass_over_furthest() {
  struct Lag {
    Session* session;
    std::size_t bytes;
  };
  std::vector<Lag> lags;
  std::size_t most = 0;
  for (const Stalled& stalled : stalled_) {
    Session& session = *stalled.session;
    if (!takes_from_tapes(session) || session.stream.log_cursor >= position_) continue;
    std::size_t entries = 0;
    lags.push_back({&session, waiting_on_tapes(session, entries)});
    most = std::max(most, lags.back().bytes);
  }
  if (most == 0) return false;
  for (const Lag& lag : lags)
    if (lag.bytes > most / 2) pass_over(*lag.session, position_);
  return true;
}

void Delivery::drop_what_nobody_needs() {
  std::unordered_set<Topic*> holding;
  for (const Stalled& stalled : stalled_)
    holding.insert(stalled.session->topics.begin(), stalled.session->topics.end());
  for (Topic* topic : holding) drop_what_nobody_needs(*topic);
}

void Delivery::drop_what_nobody_needs(Topic& topic) {
  std::array<std::uint64_t, wire::kDialectCount> needed;
  needed.fill(position_);
  for (const Session* session : topic.members()) {
    if (!takes_from_tapes(*session)) continue;
    std::uint64_t& from = needed[session->stream.dialect];
    from = std::min(from, session->stream.log_cursor);
  }
  for (std::size_t number = 1; number < wire::kDialectCount; ++number) {
    Tape& tape = topic.tapes()[number];
    if (const std::size_t count = tape.first_from(needed[number]); count > 0) tape.drop(count);
    tape.shrink();
  }
}

}  // namespace rookery::worker
