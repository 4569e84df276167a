// client/load/compare/pause.h
//
// What a client asked, when the server talked to it, and how long it was left waiting after a crash.
#pragma once

#include <cstdint>
#include <span>

#include "ipc/os/clock.h"

namespace rookery::load {

using Time = os::Monotonic::time_point;

struct Request {
  Time due;
  Time answered;  // is_answered
  bool is_say = false;
  bool is_answered = false;
  std::uint64_t seq = 0;    // of a `say` that was acknowledged
  bool is_refused = false;  // the answer was an error
};

// The longest that a request due until `last_due` waited for its answer after `killed`, counted from the moment it was
// due. One that never got an answer counts until the server next talked to the client: answered a later request, or let
// it in again (`arrivals`); at the latest until `end`. Or the longest that the client was away, if that is longer: from
// the end of a connection (`cuts`, of those between `killed` and `last_due`) until it was let in again. 0 when nothing
// was open at or after `killed` and it was never away.
// REQUIRES: requests by rising `due`, cuts and arrivals rising.
[[nodiscard]] Time::duration pause_of(std::span<const Request> requests, std::span<const Time> cuts,
                                      std::span<const Time> arrivals, Time killed, Time last_due, Time end);

}  // namespace rookery::load
