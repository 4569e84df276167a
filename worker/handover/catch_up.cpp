#include "worker/handover/catch_up.h"

namespace rookery::worker {

AgainRead CatchUp::read_again(Session& session, std::uint64_t until, std::size_t most_bytes) {
  std::uint64_t& words = session.skips_ring ? commands_.skip_words_left : commands_.again_words_left;
  if (words == 0 && session.at_record) return {ReadAgain::Later};
  const shm::Position from = session.stream.log_cursor;
  ReplayPart part{.session = &session,
                  .cursor = from,
                  .counts_only = session.skips_ring,
                  .at_record = session.at_record,
                  .most_bytes = most_bytes};
  replay_.run_alone(part, until, words);
  if (part.lapped) return {ReadAgain::Lapped, part.counted};
  session.stream.log_cursor = part.cursor;
  session.at_record = true;
  if (!part.stopped) return {ReadAgain::Caught, part.counted};
  return {part.cursor == from ? ReadAgain::Later : ReadAgain::More, part.counted};
}

}  // namespace rookery::worker
