// tests/fault/rows/wild_worker.h
//
// What a worker that has run wild may do to its own region, done from outside by a test: through /proc/PID/mem.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>

namespace rookery::system_test {

enum class Scribble {
  Noise,        // random words all over the outbox, and a tail that says there is something
  FarTail,      // a tail far beyond what the outbox holds
  BackTail,     // a tail before what was taken already
  LongRecord,   // a record that says it is longer than any
  BadSum,       // one that is right but for its checksum
  ForgedKind,   // one that is right in every way, of a kind that only the ledger makes
  ShortRecord,  // right, and too short to be a record
};
inline constexpr std::array kScribbles{Scribble::Noise,      Scribble::FarTail, Scribble::BackTail,
                                       Scribble::LongRecord, Scribble::BadSum,  Scribble::ForgedKind,
                                       Scribble::ShortRecord};
[[nodiscard]] const char* name_of(Scribble scribble) noexcept;

// Over the outbox of its first loop. REQUIRES: a server with --loops 1; `worker` stands still.
void scribble_over_outbox(pid_t worker, Scribble scribble, std::uint64_t seed);

enum class SessionDamage {
  Noise,  // random words all over a session's block, behind the client's id
  OneBit  // one of its bits is turned
};
// Over the block of the session that has this client. REQUIRES: a server with few --max-clients; `worker` stands still.
void scribble_over_session(pid_t worker, std::uint64_t client, SessionDamage damage, std::uint64_t seed);

}  // namespace rookery::system_test
