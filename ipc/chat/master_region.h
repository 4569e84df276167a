// ipc/chat/master_region.h
//
// The layout of the master's region: what only the master knows and others want to read. It is there for metrics; the
// server works without it.
//
// Who may write   The master alone, in its one thread. The exporter maps it read-only; no other process does.
// Memory order    `magic` is released last, when the region is made. All other words are stored and loaded relaxed:
// each
//                 says something by itself, and a reader may see two of them from different moments.
// When the master dies  the server does, and the memory goes with the last of its processes. A program that takes over
//                 in an upgrade is the same process and goes on with the region as it finds it: counters go on.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "ipc/chat/counters.h"
#include "ipc/shm/segment.h"

namespace rookery::chat {

enum class ServerPhase : std::uint32_t { Starting = 0, Serving = 1, Upgrading = 2, Stopping = 3 };

enum class ProcessRole : std::uint32_t { Ledger = 0, Worker = 1, Exporter = 2 };
inline constexpr std::size_t kProcessRoles = 3;

// How a process ended that was started again.
enum class EndCause : std::uint32_t { Asked = 0, Exit = 1, Signal = 2, Hang = 3, StartFailed = 4 };
inline constexpr std::size_t kEndCauses = 5;

enum class ProcessState : std::uint64_t {
  Absent = 0,    // nobody is wanted there
  Starting = 1,  // forked, not ready
  Serving = 2,
  Ending = 3,   // was told to stop or to hand over
  BackOff = 4,  // died, and is started again in a moment
  Parked = 5    // died too often, and is not tried for a while
};
inline constexpr std::size_t kProcessStates = 6;

struct ProcessEntry {
  Counter state;       // ProcessState
  Counter pid;         // 0: nobody is there
  Counter started_ms;  // monotonic
};
static_assert(sizeof(ProcessEntry) == 24);

struct MasterRegionHeader {
  static constexpr std::uint64_t kMagic = 0x3154534d4b4f4f52;  // "ROOKMST1", little-endian

  std::atomic<std::uint64_t> magic;  // stored last
  Counter started_ms;                // the server's first start, since 1970
  Counter heartbeat_ms;              // monotonic, twice a second
  Counter phase;                     // ServerPhase
  Counter ledger_away;               // 1: the ledger is parked, workers are in read-only mode
  Counter held;                      // sockets of clients of which the master has a duplicate
  Counter lost_sockets;              // duplicates that were lost at the limit of open files
  std::array<std::array<Counter, kEndCauses>, kProcessRoles> restarts;  // by role, then by cause
  Counter taken_over_in_place;   // clients that a successor in their worker's place carried on
  Counter taken_over_by_others;  // clients that other workers carried on
  Counter given_up;              // clients that nobody could carry on
  TimeHistogram pause_us;        // of each dead worker that had clients: from its death to the last of them carried on
  Counter longest_pause_us;
};
static_assert(sizeof(MasterRegionHeader) == 336, "drawn in docs/shared-memory.md");

// Entry 0 is the ledger's, 1 + n that of the worker in place n.
class MasterLayout final {
 public:
  explicit MasterLayout(std::uint32_t places) noexcept : places_(places) {}

  [[nodiscard]] std::uint32_t entries() const noexcept { return 1 + places_; }
  [[nodiscard]] std::uint64_t entry(std::uint32_t index) const noexcept {
    return sizeof(MasterRegionHeader) + std::uint64_t{index} * sizeof(ProcessEntry);
  }
  [[nodiscard]] std::uint64_t total_bytes() const noexcept { return entry(entries()); }

 private:
  std::uint32_t places_;
};

class MasterRegionView final {
 public:
  MasterRegionView(const shm::Mapping& mapping, const MasterLayout& layout) noexcept
      : memory_(mapping.data()), layout_(layout) {}

  [[nodiscard]] MasterRegionHeader& header() const noexcept { return *reinterpret_cast<MasterRegionHeader*>(memory_); }
  // REQUIRES: index < layout().entries().
  [[nodiscard]] ProcessEntry& entry(std::uint32_t index) const noexcept {
    return *reinterpret_cast<ProcessEntry*>(memory_ + layout_.entry(index));
  }
  [[nodiscard]] const MasterLayout& layout() const noexcept { return layout_; }

 private:
  std::byte* memory_;
  MasterLayout layout_;
};

}  // namespace rookery::chat
