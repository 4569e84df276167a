#include "master/upgrade/inheritance.h"

#include <utility>

#include "ipc/shm/log_ring.h"
#include "ipc/shm/name_table.h"

namespace rookery::master {

namespace {

SegmentDescriptors numbers(const shm::Segment& segment) noexcept {
  return {segment.writer_descriptor(), segment.reader_descriptor()};
}
PipeDescriptors numbers(const os::Pipe& pipe) noexcept {
  return {pipe.read_end.get(), pipe.write_end.get()};
}

shm::Segment take(const SegmentDescriptors& segment, std::uint64_t bytes) noexcept {
  return {os::FileDescriptor(segment.writer), os::FileDescriptor(segment.reader), bytes};
}
os::Pipe take(const PipeDescriptors& pipe) noexcept {
  return {os::FileDescriptor(pipe.read_end), os::FileDescriptor(pipe.write_end)};
}

}  // namespace

void save(const chat::SharedState& shared, State& state) {
  state.log_ring = numbers(shared.log_ring);
  state.ledger_region = numbers(shared.ledger_region);
  state.user_table = numbers(shared.user_table);
  state.master_region = numbers(shared.master_region);
  for (const auto& region : shared.worker_regions) state.worker_regions.push_back(numbers(region));
  state.ledger_doorbell = numbers(shared.ledger_doorbell);
  for (const auto& bell : shared.loop_doorbells) state.loop_doorbells.push_back(numbers(bell));
}

chat::SharedState take_shared(const State& state) {
  const KeptOptions& kept = state.kept;
  chat::SharedParts parts{
      .log_ring = take(state.log_ring, shm::log_ring_bytes(chat::kLogRingWords)),
      .ledger_region = take(state.ledger_region, chat::LedgerLayout(kept.places * kept.loops).total_bytes()),
      .user_table = take(state.user_table, shm::name_table_bytes(chat::kMaxAccounts)),
      .master_region = take(state.master_region, chat::MasterLayout(kept.places).total_bytes()),
      .worker_regions = {},
      .ledger_doorbell = take(state.ledger_doorbell),
      .loop_doorbells = {}};
  const std::uint64_t region_bytes = chat::WorkerLayout(kept.loops, kept.max_clients).total_bytes();
  for (const auto& region : state.worker_regions) parts.worker_regions.push_back(take(region, region_bytes));
  for (const auto& bell : state.loop_doorbells) parts.loop_doorbells.push_back(take(bell));
  return {kept.places, kept.loops, kept.max_clients, std::move(parts)};
}

}  // namespace rookery::master
