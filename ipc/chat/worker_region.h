// ipc/chat/worker_region.h
//
// The layout of a worker's shared region: for each of its event loops an outbox, counters, a heartbeat, the connections
// of each address, an index of its clients, session blocks, and the buffers that hold input and output in transit.
//
// Who may write   That worker alone; each loop its own parts.
// Readers         The ledger (outboxes; session blocks of a dead worker), the master and the other workers (counters,
//                 session blocks for `list`). Readers other than the ledger map the part before the buffers.
// Trust           A worker that has run wild can write anything here: readers bound every number by the layout, which
//                 they compute themselves and never read from the region.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "ipc/chat/counters.h"
#include "ipc/chat/session_block.h"
#include "ipc/chat/source_address.h"
#include "ipc/shm/count_table.h"
#include "ipc/shm/doorbell.h"
#include "ipc/shm/hash_index.h"
#include "ipc/shm/record_queue.h"
#include "ipc/shm/segment.h"

namespace rookery::chat {

inline constexpr std::size_t kPoolSuspects = 64;  // as many threads as a pool may have

struct WorkerRegionHeader {
  static constexpr std::uint64_t kMagic = 0x39524b574b4f4f52;  // "ROOKWKR9", little-endian

  std::atomic<std::uint64_t> magic;  // stored last
  // The life of this slot: differs for each process that ever had the slot. Released when its outboxes are empty and
  // its own: the ledger does not look again at an outbox that a predecessor left damaged before this has changed.
  std::atomic<std::uint64_t> slot_epoch;
  std::atomic<std::uint64_t> pid;
  std::array<Suspect, kPoolSuspects> pool_suspects;  // each by one thread of the pool
};

// Why a connection is turned away when it comes.
enum class ConnectionRefusal : std::uint32_t { ServerFull = 0, AddressFull = 1, ShutOut = 2, NoMeans = 3, Banned = 4 };
inline constexpr std::size_t kConnectionRefusals = 5;
inline constexpr std::size_t kDialectsCounted = 8;  // places for them; wire::kDialectCount says how many there are

// What a loop counts for metrics. Numbers that only grow are those of all its lives in this place, since the server
// started: a successor goes on counting. The others are set to 0 when a life begins.
struct LoopCounters {
  std::array<Counter, kDialectsCounted> clients;  // open now, by wire::DialectId
  Counter messages;                               // say, broadcast and msg that were put into the outbox
  Counter bytes_in;                               // taken from clients' sockets
  Counter bytes_out;                              // given to them
  Counter logins_good;
  Counter logins_bad;
  Counter passwords_refused;  // logins and registrations that found no place to wait for their hash
  Counter lines_refused;      // that came faster than --max-line-rate
  std::array<Counter, kConnectionRefusals> refused;
  Counter slow_passed_over;      // times a slow reader began to miss messages
  Counter messages_passed_over;  // how many they missed
  Counter slow_closed;           // slow readers that were closed
  Counter pool_waiting;          // jobs that wait for the pool, or in its queue, now; the queue counts with loop 0
  TimeHistogram hash_us;         // of a password, on a thread of the pool
  Counter tape_bytes;            // memory that the loop's tapes take, after its last flush
};

// One for each loop. Every word is written by that loop alone.
struct LoopControl {
  alignas(64) shm::SleepWord sleeping;                 // the loop's doorbell
  std::atomic<std::uint64_t> awaiting_position;        // log position it waits to see durable, or needs again; ~0: none
  alignas(64) std::atomic<std::int64_t> heartbeat_ms;  // monotonic, each turn of the loop
  std::atomic<std::uint64_t> log_position;             // everything before it is delivered or put into tapes
  std::atomic<std::uint64_t> sessions_high_water;      // blocks from this index on were never used
  std::atomic<std::uint64_t> connections;              // open now
  std::atomic<std::uint64_t> lobby_members;
  std::atomic<std::uint64_t> accepted;    // as in LoopCounters
  std::atomic<std::uint64_t> deliveries;  // messages put into sockets; likewise
  alignas(64) shm::PositionWord outbox_tail;
  alignas(64) shm::PositionWord inbox_taken;
  Suspect suspect;                     // whose input the loop deals with
  alignas(64) SessionJournal journal;  // of its blocks' streams
  // A bit for each room that has members here, the lobby too: the loop need not be woken for what is said in others.
  // Set before the loop announces its next sleep, so who sees it asleep sees them as they are.
  alignas(64) std::array<std::atomic<std::uint64_t>, (1U << SessionRoom::kIdBits) / 64> rooms_heard;
  alignas(64) LoopCounters counters;

  [[nodiscard]] bool hears(std::uint32_t room) const noexcept {
    const std::uint32_t word = room / 64;
    return word < rooms_heard.size() && (rooms_heard[word].load(std::memory_order_relaxed) >> room % 64 & 1) != 0;
  }
};
static_assert(sizeof(LoopControl) == 44 * 64, "drawn in docs/shared-memory.md");

// 1 MiB: some 5,000 messages of 100 bytes between two drains by the ledger, and never less than 60 of the largest.
inline constexpr std::uint64_t kOutboxWords = 128 * 1024;
inline constexpr std::uint32_t kSmallBufferBytes = 1024;   // a half line of a slow typist, a short reply
inline constexpr std::uint32_t kLargeBufferBytes = 16384;  // any line, several at once

// A session's rooms are in its block and in one small buffer.
inline constexpr std::uint32_t kMaxRoomsOfSession = kInlineRooms + kSmallBufferBytes / sizeof(std::uint64_t);
static_assert(kMaxRoomsOfSession == 131, "named in the help of --max-rooms");

// Where things lie; computed alike in every process.
class WorkerLayout final {
 public:
  WorkerLayout(std::uint32_t loops, std::uint32_t sessions_per_loop) noexcept;

  [[nodiscard]] std::uint32_t loops() const noexcept { return loops_; }
  [[nodiscard]] std::uint32_t sessions_per_loop() const noexcept { return sessions_per_loop_; }
  [[nodiscard]] std::uint32_t small_buffers() const noexcept { return sessions_per_loop_ + 16; }
  [[nodiscard]] std::uint32_t large_buffers() const noexcept { return 4 * sessions_per_loop_ + 256; }

  // Offsets in bytes from the region's start.
  [[nodiscard]] std::uint64_t control(std::uint32_t loop) const noexcept;
  [[nodiscard]] std::uint64_t outbox_words(std::uint32_t loop) const noexcept;
  [[nodiscard]] std::uint64_t addresses(std::uint32_t loop) const noexcept;  // a shm::CountTable
  [[nodiscard]] std::uint64_t address_entries() const noexcept {
    return shm::CountTable::entries_for(sessions_per_loop_);
  }
  [[nodiscard]] std::uint64_t room_makers(std::uint32_t loop) const noexcept;  // a shm::CountTable
  [[nodiscard]] static constexpr std::uint64_t room_maker_entries() noexcept {
    return shm::CountTable::entries_for(1U << SessionRoom::kIdBits);  // each room from an address of its own
  }
  [[nodiscard]] std::uint64_t clients(std::uint32_t loop) const noexcept;  // a shm::HashIndex
  [[nodiscard]] std::uint64_t client_words() const noexcept { return shm::HashIndex::words_for(sessions_per_loop_); }
  [[nodiscard]] std::uint64_t sessions(std::uint32_t loop) const noexcept;
  [[nodiscard]] std::uint64_t buffers(std::uint32_t loop) const noexcept;  // small ones, then large ones
  [[nodiscard]] std::uint64_t large_buffers_offset(std::uint32_t loop) const noexcept;
  // Buffers are numbered from 1: small ones, then large ones.
  [[nodiscard]] bool is_buffer(std::uint32_t number) const noexcept {
    return number != kNoBuffer && number <= small_buffers() + large_buffers();
  }
  [[nodiscard]] std::uint32_t buffer_bytes(std::uint32_t number) const noexcept {
    return number <= small_buffers() ? kSmallBufferBytes : kLargeBufferBytes;
  }
  [[nodiscard]] std::uint64_t buffer(std::uint32_t loop, std::uint32_t number) const noexcept {
    return number <= small_buffers()
               ? buffers(loop) + std::uint64_t{number - 1} * kSmallBufferBytes
               : large_buffers_offset(loop) + std::uint64_t{number - 1 - small_buffers()} * kLargeBufferBytes;
  }

  // The part that has pages from the start; session blocks and buffers get theirs as they come into use.
  [[nodiscard]] std::uint64_t reserved_bytes() const noexcept { return sessions(0); }
  // The part that other workers and the master map.
  [[nodiscard]] std::uint64_t readers_bytes() const noexcept { return buffers(0); }
  [[nodiscard]] std::uint64_t total_bytes() const noexcept { return buffers(loops_); }

 private:
  std::uint32_t loops_;
  std::uint32_t sessions_per_loop_;
};

// Where a client stands in the index of its loop. Ids are given out in order, but a client chooses which of its
// connections it keeps: so with the secret by which addresses are counted.
[[nodiscard]] std::uint64_t client_hash(std::uint64_t client, std::uint64_t secret) noexcept;

// What a process sees of a worker's region, whichever way it is mapped.
class WorkerRegionView final {
 public:
  WorkerRegionView(const shm::Mapping& mapping, const WorkerLayout& layout) noexcept
      : memory_(mapping.data()), layout_(layout) {}

  [[nodiscard]] WorkerRegionHeader& header() const noexcept { return *reinterpret_cast<WorkerRegionHeader*>(memory_); }
  [[nodiscard]] LoopControl& control(std::uint32_t loop) const noexcept {
    return *reinterpret_cast<LoopControl*>(memory_ + layout_.control(loop));
  }
  [[nodiscard]] std::uint64_t* outbox_words(std::uint32_t loop) const noexcept {
    return reinterpret_cast<std::uint64_t*>(memory_ + layout_.outbox_words(loop));
  }
  // Connections of each address, by the keyed hash in worker/limits/source.h.
  [[nodiscard]] shm::CountTable addresses(std::uint32_t loop) const noexcept {
    return {reinterpret_cast<shm::CountTable::Word*>(memory_ + layout_.addresses(loop)), layout_.address_entries()};
  }
  // Rooms that exist and were made by clients of the loop, of each address, by the same hash.
  [[nodiscard]] shm::CountTable room_makers(std::uint32_t loop) const noexcept {
    return {reinterpret_cast<shm::CountTable::Word*>(memory_ + layout_.room_makers(loop)),
            WorkerLayout::room_maker_entries()};
  }
  // The numbers of the session blocks of open clients, by client_hash().
  [[nodiscard]] shm::HashIndex clients(std::uint32_t loop) const noexcept {
    return {reinterpret_cast<shm::HashIndex::Word*>(memory_ + layout_.clients(loop)), layout_.client_words()};
  }
  [[nodiscard]] SessionBlock* sessions(std::uint32_t loop) const noexcept {
    return reinterpret_cast<SessionBlock*>(memory_ + layout_.sessions(loop));
  }
  // How many blocks of a loop are worth looking at; bounded whatever the region says.
  [[nodiscard]] std::uint32_t sessions_in_use(std::uint32_t loop) const noexcept;
  [[nodiscard]] const WorkerLayout& layout() const noexcept { return layout_; }

 private:
  std::byte* memory_;
  WorkerLayout layout_;
};

}  // namespace rookery::chat
