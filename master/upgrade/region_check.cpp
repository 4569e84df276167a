#include "master/upgrade/region_check.h"

#include <fmt/format.h>

#include <atomic>
#include <string_view>

#include "ipc/chat/layout_version.h"
#include "ipc/chat/shared_state.h"
#include "ipc/shm/log_ring.h"
#include "ipc/shm/name_table.h"

namespace rookery::master {

namespace {

void check_region(const SegmentDescriptors& region, std::uint64_t bytes, std::uint64_t magic, std::string_view what) {
  if (shm::segment_bytes(region.reader) != shm::page_aligned(bytes))
    throw BadState(fmt::format("{} has another size than this program would give it", what));
  const shm::Mapping mapping(region.reader, shm::Access::ReadOnly, sizeof magic);
  const auto found = mapping.at<const std::atomic<std::uint64_t>>(0)->load(std::memory_order_acquire);
  // 0: nobody has used it yet.
  if (found != magic && found != 0)
    throw BadState(fmt::format("{} has another form than this program would give it", what));
}

}  // namespace

void check_regions(const State& state) {
  if (state.layout != chat::kLayoutVersion)
    throw BadState(
        fmt::format("the running server's memory has layout {}, and this program knows {}: a new start is "
                    "needed",
                    state.layout, chat::kLayoutVersion));
  const KeptOptions& kept = state.kept;
  check_region(state.log_ring, shm::log_ring_bytes(chat::kLogRingWords), shm::LogRingHeader::kMagic, "the log ring");
  check_region(state.user_table, shm::name_table_bytes(chat::kMaxAccounts), shm::NameTableHeader::kMagic,
               "the user table");
  check_region(state.ledger_region, chat::LedgerLayout(kept.places * kept.loops).total_bytes(),
               chat::LedgerRegionHeader::kMagic, "the ledger's region");
  check_region(state.master_region, chat::MasterLayout(kept.places).total_bytes(), chat::MasterRegionHeader::kMagic,
               "the master's region");
  const chat::WorkerLayout worker(kept.loops, kept.max_clients);
  for (const SegmentDescriptors& region : state.worker_regions)
    check_region(region, worker.total_bytes(), chat::WorkerRegionHeader::kMagic, "a worker's region");
}

}  // namespace rookery::master
