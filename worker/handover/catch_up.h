// worker/handover/catch_up.h
//
// Serves sessions that lack more of the log than they could be given at once, for no fault of theirs: their worker
// died, or this loop stood still. Each is given the log again for itself, a piece at a time, until it is where the loop
// is; so what it still lacks costs no memory but its place in the ring.
#pragma once

#include "worker/delivery/log_again.h"
#include "worker/handover/replay.h"

namespace rookery::worker {

class CatchUp final : public LogAgain {
 public:
  CatchUp(CommandContext& commands, Receipts& receipts)
      : commands_(commands), receipts_(receipts), replay_(commands, receipts) {}

  [[nodiscard]] AgainRead read_again(Session& session, std::uint64_t until, std::size_t most_bytes) override;
  void answer_late(Session& session) override { receipts_.settle_late(session); }

 private:
  CommandContext& commands_;
  Receipts& receipts_;
  Replay replay_;
};

}  // namespace rookery::worker
