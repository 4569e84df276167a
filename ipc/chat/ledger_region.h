// ipc/chat/ledger_region.h
//
// The layout of the ledger's control region: how far it has taken each outbox, the inboxes of the loops, the rooms, the
// bans, the epoch. The log ring and the user table are segments of their own.
//
// Who may write   The ledger alone: `taken`, rooms, their index and the header from its sequencing thread;
// store_failing,
//                 `counters` and bans from its storing thread; inboxes from its archive thread. The loops read all of
//                 it; the master heartbeat_ms and `taken`, to watch it and to show it; the exporter the same and
//                 `counters`.
// When the ledger dies  its successor goes on with what it finds: `taken` and a room's members may lag behind the
//                 newest records in the log ring, which say what they should be (master/ledger/recovery.h).
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ipc/chat/ban.h"
#include "ipc/chat/counters.h"
#include "ipc/chat/record.h"
#include "ipc/shm/committed_value.h"
#include "ipc/shm/doorbell.h"
#include "ipc/shm/hash_index.h"
#include "ipc/shm/record_queue.h"
#include "ipc/shm/segment.h"

namespace rookery::chat {

inline constexpr std::size_t kEpochBytes = 16;  // hexadecimal digits

// An epoch that is over: messages up to `last_seq`, as far as no older epoch has them, are known by its name. What it
// numbered beyond that is lost.
struct EndedEpoch {
  std::array<char, kEpochBytes> epoch;
  std::uint64_t last_seq;

  [[nodiscard]] std::string_view name() const noexcept { return {epoch.data(), epoch.size()}; }
};
static_assert(sizeof(EndedEpoch) == 24);

inline constexpr std::size_t kMaxEndedEpochs = 160;  // of more, the newest

// What the storing thread counts for metrics, over all ledgers since the server started; and when it last could write,
// for who wants to know whether it still can.
struct LedgerCounters {
  Counter written_ms;  // monotonic: the newest commit of a group or of a probe that is on disk
  Counter refused_ms;  // monotonic: the newest try that failed
  Counter groups_failed;
  Counter accounts;              // registered
  BatchHistogram batch_records;  // in each group that is on disk
  TimeHistogram commit_us;       // of each of them: SQLite's COMMIT, with its fsync
};

// By which real time is held against a clock that only counts on: see master/ledger/calendar.h. Milliseconds since
// boot, time in suspend included.
struct ClockTrust {
  std::atomic<std::int64_t> offset_ms;     // real time less that; 0: not looked at yet
  std::atomic<std::int64_t> jumped_at_ms;  // the newest jump of real time; 0: none
};

struct LedgerRegionHeader {
  static constexpr std::uint64_t kMagic = 0x37474c4b4b4f4f52;  // "ROOKKLG7", little-endian

  std::atomic<std::uint64_t> magic;             // stored last, when the epoch is there
  std::array<char, kEpochBytes> epoch;          // set before magic, never changes
  std::atomic<std::uint64_t> generation;        // how many ledgers have run on this region
  std::atomic<std::uint64_t> newest_seq;        // of the newest record published
  std::atomic<std::uint64_t> rooms_high_water;  // rooms from this index on were never used
  std::atomic<std::uint64_t> applied_end;       // taken and rooms agree with the log ring up to this position
  alignas(64) shm::SleepWord sleeping;          // the ledger's doorbell
  std::atomic<std::int64_t> heartbeat_ms;       // monotonic
  std::uint64_t ended_epochs;                   // how many; set before magic, never changes
  std::uint64_t name_secret;                    // seeds the hashes of room names; likewise
  // A StoreFailure. Set and cleared (seq_cst, for the doorbell) by the storing thread, cleared by the recovery of a
  // successor; what was stored meanwhile has moved durable_end before.
  alignas(64) std::atomic<std::uint64_t> store_failing;
  // Messages up to this number may have been removed from the store, none above. Raised by the storing thread before
  // they are.
  std::atomic<std::uint64_t> pruned_to;
  ClockTrust clock;                        // the ledger's alone
  std::atomic<std::uint64_t> ban_changes;  // of the ban table, see ipc/chat/ban.h
  std::atomic<std::uint64_t> bans_used;    // places from this one on were never used, and have no memory
  std::atomic<std::uint64_t> bans;         // in force
  alignas(64) std::array<EndedEpoch, kMaxEndedEpochs> ended;  // oldest first; likewise
  alignas(64) LedgerCounters counters;
};
static_assert(sizeof(LedgerRegionHeader) == 67 * 64, "drawn in docs/shared-memory.md");

// Why messages cannot be stored. Anything but None: they are refused.
enum class StoreFailure : std::uint64_t {
  None = 0,
  CannotWrite = 1,  // the newest try to store failed (disk full, I/O error)
  Displaced = 2,    // the lock, the store or the data directory was removed or replaced
};

// For an operator.
[[nodiscard]] constexpr std::string_view describe(StoreFailure failure) noexcept {
  return failure == StoreFailure::Displaced
             ? "the lock, the store or the data directory was removed or replaced, the log says which"
             : "the store cannot be written, the log says why";
}

struct SlotControl {
  alignas(64) shm::PositionWord outbox_taken;
  alignas(64) shm::PositionWord inbox_tail;
  // The life of the slot (slot epoch) whose clients others carry on by now: what its session blocks and counters say is
  // of the past. 0: none yet.
  std::atomic<std::uint64_t> vacant_life;
};

struct RoomState {
  std::uint64_t members = 0;  // 0: the place is free. Of the lobby: loops count their own, see LoopControl
  std::uint64_t as_of = 0;    // the log position after the record that made it so
  std::uint32_t name_bytes = 0;
  std::array<char, 36> name{};

  [[nodiscard]] std::string_view name_view() const noexcept {
    return {name.data(), name_bytes <= name.size() ? name_bytes : 0};
  }
};
static_assert(sizeof(RoomState) == 56);

using RoomEntry = shm::CommittedValue<RoomState>;

inline constexpr std::uint32_t kMaxRooms = 16384;  // with members, at the same time; 2 MiB of memory
inline constexpr std::uint64_t kRoomIndexWords = shm::HashIndex::words_for(kMaxRooms);  // 256 KiB, half full at most

// Where a room's name stands in the index. Names that differ by the case of A-Z are one. The secret is the ledger
// region's: nobody can choose names that collide.
[[nodiscard]] std::uint64_t room_name_hash(std::string_view name, std::uint64_t secret) noexcept;
inline constexpr std::uint64_t kInboxWords = 32 * 1024;
// 16 MiB: room for some 80,000 messages of 100 bytes between the fastest writer and the slowest disk or reader.
inline constexpr std::uint64_t kLogRingWords = 2 * 1024 * 1024;
inline constexpr std::uint64_t kMaxAccounts = 4'000'000;  // pages come as they are needed: 176 bytes an account

class LedgerLayout final {
 public:
  explicit LedgerLayout(std::uint32_t slots) noexcept : slots_(slots) {}

  [[nodiscard]] std::uint32_t slots() const noexcept { return slots_; }
  [[nodiscard]] std::uint64_t slot(std::uint32_t slot) const noexcept {
    return shm::page_aligned(sizeof(LedgerRegionHeader)) + std::uint64_t{slot} * sizeof(SlotControl);
  }
  [[nodiscard]] std::uint64_t rooms() const noexcept { return shm::page_aligned(slot(slots_)); }
  // A shm::HashIndex: numbers of rooms with members, by room_name_hash().
  [[nodiscard]] std::uint64_t room_index() const noexcept {
    return shm::page_aligned(rooms() + std::uint64_t{kMaxRooms} * sizeof(RoomEntry));
  }
  [[nodiscard]] std::uint64_t inbox_words(std::uint32_t slot) const noexcept {
    return shm::page_aligned(room_index() + kRoomIndexWords * sizeof(shm::HashIndex::Word)) +
           std::uint64_t{slot} * kInboxWords * 8;
  }
  // Pages come as they are needed.
  [[nodiscard]] std::uint64_t bans() const noexcept { return inbox_words(slots_); }
  [[nodiscard]] std::uint64_t total_bytes() const noexcept {
    return bans() + std::uint64_t{kMaxBans} * sizeof(BanPlace);
  }

 private:
  std::uint32_t slots_;
};

class LedgerRegionView final {
 public:
  LedgerRegionView(const shm::Mapping& mapping, const LedgerLayout& layout) noexcept
      : memory_(mapping.data()), layout_(layout) {}

  [[nodiscard]] LedgerRegionHeader& header() const noexcept { return *reinterpret_cast<LedgerRegionHeader*>(memory_); }
  [[nodiscard]] SlotControl& slot(std::uint32_t slot) const noexcept {
    return *reinterpret_cast<SlotControl*>(memory_ + layout_.slot(slot));
  }
  [[nodiscard]] RoomEntry* rooms() const noexcept { return reinterpret_cast<RoomEntry*>(memory_ + layout_.rooms()); }
  [[nodiscard]] shm::HashIndex room_index() const noexcept {
    return {reinterpret_cast<shm::HashIndex::Word*>(memory_ + layout_.room_index()), kRoomIndexWords};
  }
  // The number of the room with this name, if it has members; as of a moment ago.
  [[nodiscard]] std::optional<std::uint32_t> find_room(std::string_view name) const noexcept;
  [[nodiscard]] std::uint64_t* inbox_words(std::uint32_t slot) const noexcept {
    return reinterpret_cast<std::uint64_t*>(memory_ + layout_.inbox_words(slot));
  }
  // The places that were used.
  [[nodiscard]] std::span<BanPlace> used_bans() const noexcept {
    const std::uint64_t used = std::min<std::uint64_t>(header().bans_used.load(std::memory_order_acquire), kMaxBans);
    return {all_bans(), static_cast<std::size_t>(used)};
  }
  // REQUIRES, beyond used_bans(): the ledger, which has reserved their memory.
  [[nodiscard]] BanPlace* all_bans() const noexcept { return reinterpret_cast<BanPlace*>(memory_ + layout_.bans()); }
  [[nodiscard]] const LedgerLayout& layout() const noexcept { return layout_; }
  [[nodiscard]] std::string_view epoch() const noexcept { return {header().epoch.data(), kEpochBytes}; }
  [[nodiscard]] std::span<const EndedEpoch> ended_epochs() const noexcept {
    return {header().ended.data(), std::min<std::size_t>(header().ended_epochs, kMaxEndedEpochs)};
  }
  // The epoch in which a stored message got its number: (epoch, seq) names it for ever.
  [[nodiscard]] std::string_view epoch_of(std::uint64_t seq) const noexcept {
    for (const EndedEpoch& ended : ended_epochs())
      if (seq <= ended.last_seq) return ended.name();
    return epoch();
  }

 private:
  std::byte* memory_;
  LedgerLayout layout_;
};

}  // namespace rookery::chat
