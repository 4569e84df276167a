#include "master/ledger/ledger_context.h"

namespace rookery::ledger {

LedgerContext::LedgerContext(chat::SharedState& shared_state)
    : shared(shared_state),
      log_ring(shared.log_ring.writer_descriptor(), shm::Access::ReadWrite, shared.log_ring.size_bytes()),
      ledger_region(shared.ledger_region.writer_descriptor(), shm::Access::ReadWrite,
                    shared.ledger_region.size_bytes()),
      user_table(shared.user_table.writer_descriptor(), shm::Access::ReadWrite, shared.user_table.size_bytes()),
      calendar(region().header().clock) {
  for (const shm::Segment& segment : shared.worker_regions)
    worker_regions.emplace_back(segment.reader_descriptor(), shm::Access::ReadOnly, segment.size_bytes());
}

std::vector<shm::DoorbellRinger> LedgerContext::loop_ringers() const {
  std::vector<shm::DoorbellRinger> ringers;
  for (std::uint32_t slot = 0; slot < shared.slots(); ++slot)
    ringers.emplace_back(loop_control(slot).sleeping, shared.loop_doorbells[slot].write_end.get());
  return ringers;
}

}  // namespace rookery::ledger
