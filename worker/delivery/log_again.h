// worker/delivery/log_again.h
//
// What Delivery needs of whoever can read the log a second time for one session: see Delivery::read_ring().
#pragma once

#include <cstddef>
#include <cstdint>

#include "worker/session/session.h"

namespace rookery::worker {

enum class ReadAgain : unsigned char {
  Caught,  // the session stands at `until`
  More,    // it has its piece: go on when its socket has taken that
  Later,   // this turn's share of the ring is read: go on in the next one
  Lapped,  // the ring does not reach back to where the session stands
};

struct AgainRead {
  ReadAgain end;
  std::uint64_t missed = 0;  // messages that were counted instead of given
};

class LogAgain {
 public:
  virtual ~LogAgain() = default;

  // Makes own output of what the session listens to, from its log_cursor up to `until` or until it has `most_bytes`;
  // where it is passed over (Session::skips_ring) its messages are only counted. Its leaving a room takes effect. Moves
  // log_cursor: to a place where a record begins, `until` or a little beyond.
  [[nodiscard]] virtual AgainRead read_again(Session& session, std::uint64_t until, std::size_t most_bytes) = 0;
  // Then, with what it has missed told: the answers that have waited for its getting there.
  virtual void answer_late(Session& session) = 0;
};

}  // namespace rookery::worker
