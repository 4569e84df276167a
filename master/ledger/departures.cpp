#include "master/ledger/departures.h"

#include <algorithm>
#include <map>
#include <set>

#include "ipc/chat/record.h"
#include "ipc/log.h"
#include "ipc/wire/limits.h"

namespace rookery::ledger {

namespace {

struct Member {
  std::uint64_t account = 0;
  std::string name;
  std::set<std::uint32_t> rooms;
};
using Members = std::map<std::uint64_t, Member>;  // by client id

std::set<std::uint32_t> rooms_of(const chat::SessionBlock& block, const LedgerContext& context, std::uint32_t worker,
                                 std::uint32_t loop) {
  std::set<std::uint32_t> rooms;
  const std::uint32_t count = block.rooms.count.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < std::min(count, chat::kInlineRooms); ++i)
    rooms.insert(chat::SessionRoom::unpack(block.rooms.words[i].load(std::memory_order_relaxed)).id);

  const chat::WorkerLayout& layout = context.shared.worker_layout;
  const std::uint32_t overflow = block.rooms.overflow.load(std::memory_order_relaxed);
  if (count > chat::kInlineRooms && overflow != chat::kNoBuffer && overflow <= layout.small_buffers()) {
    const std::uint64_t offset = layout.buffers(loop) + std::uint64_t{overflow - 1} * chat::kSmallBufferBytes;
    const int memory = context.shared.worker_regions[worker].reader_descriptor();
    if (shm::written_bytes(memory, offset, chat::kSmallBufferBytes) < chat::kSmallBufferBytes) return rooms;  // wild
    const auto* words = context.worker_regions[worker].at<const std::uint64_t>(offset);
    const std::uint32_t more =
        std::min<std::uint32_t>(count - chat::kInlineRooms, chat::kSmallBufferBytes / sizeof *words);
    for (std::uint32_t i = 0; i < more; ++i) rooms.insert(chat::SessionRoom::unpack(words[i]).id);
  }
  return rooms;
}

void read_blocks(const LedgerContext& context, std::uint32_t worker, std::uint32_t loop, Members& members) {
  const chat::WorkerRegionView region = context.worker(worker);
  const std::uint32_t in_use = context.shared.sessions_with_memory(region, worker, loop);
  for (std::uint32_t i = 0; i < in_use; ++i) {
    const chat::SessionBlock& block = region.sessions(loop)[i];
    if (block.state.load(std::memory_order_acquire) != static_cast<std::uint32_t>(chat::SessionState::Open)) continue;
    auto rooms = rooms_of(block, context, worker, loop);
    rooms.erase(chat::kLobbyRoom);
    if (rooms.empty()) continue;
    const chat::SessionLogin login = block.login.load_own();  // its owner is dead
    const std::uint64_t client = block.client.load(std::memory_order_relaxed);
    const bool named = login.account != 0 && wire::is_valid_name(login.name_view());  // or the worker had run wild
    std::string name =
        named ? std::string(login.name_view()) : std::string(wire::kGuestPrefix) + std::to_string(client);
    members[client] = {login.account, std::move(name), std::move(rooms)};
  }
}

// Joins and leaves published after what the loop had read.
void read_log(const LedgerContext& context, std::uint32_t slot, Members& members) {
  shm::LogRingReader reader = context.ring_reader();
  const shm::Position end = reader.position();
  const shm::Position read_to = context.loop_control(slot).log_position.load(std::memory_order_acquire);
  if (read_to > end || end - read_to > reader.capacity_words()) {
    log::warning("slot {} died so far behind the log that some of its clients may stay counted in rooms", slot);
    return;
  }
  reader.seek(read_to);
  std::vector<std::byte> bytes;
  while (reader.read(bytes) == shm::ReadResult::Record) {
    const auto record = chat::decode_record(bytes);
    if (!record) return;
    const chat::RecordHeader& header = record->header;
    if (header.slot != slot || header.outcome != 0 || header.room == chat::kLobbyRoom) continue;
    if (header.kind == chat::RecordKind::Join) {
      Member& member = members[header.client];
      member.account = header.account;
      member.name = record->name;
      member.rooms.insert(header.room);
    } else if (header.kind == chat::RecordKind::Leave) {
      members[header.client].rooms.erase(header.room);
    }
  }
}

}  // namespace

Departures find_departures(const LedgerContext& context, std::uint32_t worker) {
  Departures result{worker, true, {}};
  for (std::uint32_t loop = 0; loop < context.shared.loops; ++loop) {
    const std::uint32_t slot = context.shared.slot(worker, loop);
    Members members;
    read_blocks(context, worker, loop, members);
    read_log(context, slot, members);
    for (const auto& [client, member] : members) {
      for (const std::uint32_t room : member.rooms)
        result.open.push_back({client, member.account, slot, room, member.name});
    }
  }
  return result;
}

}  // namespace rookery::ledger
