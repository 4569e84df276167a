#include "worker/handover/catch_up.h"

#include <limits>

namespace rookery::worker {

AgainRead CatchUp::read_again(Session& session, std::uint64_t until, std::size_t most_bytes, bool whole) {
  ReplayPart part{.session = &session,
                  .cursor = session.stream.log_cursor,
                  .counts_only = session.skips_ring,
                  .at_record = session.at_record,
                  .most_bytes = most_bytes};
  std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t& words = whole ? unlimited : commands_.ring_words_left;
  replay_.run_alone(part, until, words);
  if (part.lapped) return {ReadAgain::Lapped, part.counted};
  session.stream.log_cursor = part.stopped ? part.cursor : until;
  session.at_record = true;
  receipts_.settle_late(session);
  if (!part.stopped) return {ReadAgain::Caught, part.counted};
  return {words == 0 ? ReadAgain::Later : ReadAgain::More, part.counted};
}

}  // namespace rookery::worker
