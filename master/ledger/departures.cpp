#include "master/ledger/departures.h"

#include <algorithm>
#include <map>
#include <utility>

#include "ipc/chat/record.h"
#include "ipc/log.h"

namespace rookery::ledger {

namespace {

using ClientAndRoom = std::pair<std::uint64_t, std::uint32_t>;
using Joins = std::map<ClientAndRoom, Departure>;

// Joins that were published after what the loop had read, and not undone by a leave.
Joins joins_unread(const LedgerContext& context, std::uint32_t slot) {
  Joins joins;
  shm::LogRingReader reader = context.ring_reader();
  const shm::Position end = reader.position();
  const shm::Position read_to = context.loop_control(slot).log_position.load(std::memory_order_acquire);
  if (read_to > end || end - read_to > reader.capacity_words()) {
    log::warning("slot {} died so far behind the log that some of its clients may stay counted in rooms", slot);
    return joins;
  }
  // Clients of a life that was vacated are others' by now, and so are their joins.
  const std::uint64_t vacant_life = context.region().slot(slot).vacant_life.load(std::memory_order_relaxed);
  reader.seek(read_to);
  std::vector<std::byte> bytes;
  while (reader.read(bytes) == shm::ReadResult::Record) {
    const auto record = chat::decode_record(bytes);
    if (!record) break;
    const chat::RecordHeader& header = record->header;
    if (header.slot != slot || header.outcome != 0 || header.room == chat::kLobbyRoom) continue;
    const ClientAndRoom who{header.client, header.room};
    if (header.kind == chat::RecordKind::Join && header.slot_epoch > vacant_life)
      joins[who] = {header.client, header.account, slot, header.room, std::string(record->name)};
    else if (header.kind == chat::RecordKind::Leave)
      joins.erase(who);
  }
  return joins;
}

void keep_who_is_gone(const LedgerContext& context, std::uint32_t worker, std::uint32_t loop, Joins& joins) {
  if (joins.empty()) return;
  const chat::WorkerRegionView region = context.worker(worker);
  const std::uint32_t in_use = context.shared.sessions_with_memory(region, worker, loop);
  for (std::uint32_t i = 0; i < in_use && !joins.empty(); ++i) {
    const chat::SessionBlock& block = region.sessions(loop)[i];
    if (block.state.load(std::memory_order_acquire) != static_cast<std::uint32_t>(chat::SessionState::Open)) continue;
    const std::uint64_t client = block.client.load(std::memory_order_relaxed);
    const auto begin = joins.lower_bound({client, 0});
    const auto end = std::find_if(begin, joins.end(), [&](const auto& join) { return join.first.first != client; });
    joins.erase(begin, end);
  }
}

}  // namespace

Departures find_departures(const LedgerContext& context, std::uint32_t worker) {
  Departures result{worker, true, {}};
  for (std::uint32_t loop = 0; loop < context.shared.loops; ++loop) {
    Joins joins = joins_unread(context, context.shared.slot(worker, loop));
    keep_who_is_gone(context, worker, loop, joins);
    for (auto& [who, departure] : joins) result.open.push_back(std::move(departure));
  }
  return result;
}

}  // namespace rookery::ledger
