// ipc/fault/fault_point.h
//
// Fault points: named places in the life of each process at which a test can have it die, stop, stall or see an error.
//
//   fault::point(fault::Point::WorkerAfterRecv);                        // may not return
//   if (const fault::Effect effect = fault::effect_at(Point::StoreSync)) return effect.error;
//
// The server that people run has the calls and nothing behind them (unarmed.cpp): one load of a word that is always
// false, and it refuses to start where somebody asks for faults. The server that the tests run is the same objects
// linked with tests/fault/points/, which do what ROOKERY_FAULT says.
//
// Who may use it  Any thread of any process, after configure() in the first one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rookery::fault {

enum class Point : std::uint8_t {
  ClockRealtime,  // each look at the real time (there is no call for it: the tests' server has a clock of its own)

  MasterAfterBind,
  MasterFork,       // an error of fork()
  MasterAfterFork,  // each fork: the first is the ledger's
  MasterBeforeReady,
  MasterInReap,
  MasterAfterHold,     // the duplicate of a client's socket has come
  MasterAfterHand,     // a client was handed to a worker, which has not answered
  MasterInReload,      // each step: asked, read, told each child
  MasterInShutdown,    // each step: told the workers, told the ledger, before the exit
  UpgradeInRehearsal,  // in the new program, a child of the master
  UpgradeBeforeExec,   // all children are gone; an error of exec()
  UpgradeInTakeOver,   // in the new program, in the master's place, before it has started anybody; an error of that

  WorkerAtStart,  // before it can serve
  WorkerAfterReady,
  WorkerAfterAccept,
  WorkerAfterHold,   // the duplicate is on its way
  WorkerInTakeover,  // each session of a dead worker, before it goes on
  WorkerAfterRecv,
  WorkerAfterParse,
  WorkerBeforeOutboxCommit,
  WorkerAfterOutboxCommit,
  WorkerInSend,  // before the system call
  WorkerAfterSend,
  WorkerInLoginHash,
  WorkerPoisonLine,  // a line that holds kPoison

  LedgerAtStart,
  LedgerInRecovery,
  LedgerAfterRead,        // a record was peeked from an outbox
  LedgerBeforePublish,    // appended to the ring, invisible
  LedgerAfterPublish,     // visible, the outboxes not released
  LedgerBeforeAckCursor,  // before an outbox is released: each outbox of a batch
  LedgerAfterAckCursor,   // all are, rooms and applied_end are not written yet
  LedgerBeforeCommit,     // the group is with SQLite, nothing is durable
  LedgerAfterCommit,      // durable, nobody knows
  LedgerInCheckpoint,
  LedgerInRequest,  // before the clerk carries out what an operator asks for

  // In the store's file system; also with errors and short writes.
  StoreWrite,       // of the WAL, before it
  StoreAfterWrite,  // of the WAL
  StoreSync,        // of the WAL, before it
  StoreAfterSync,
  StoreDatabaseWrite,  // of the database file: a checkpoint
  StoreDatabaseSync,

  StoreMigration,  // each step: before and in the copy, after it, after each change, before the commit, after it
};
inline constexpr std::size_t kPoints = static_cast<std::size_t>(Point::StoreMigration) + 1;
inline constexpr std::string_view kPoison = "poison pill";

// "worker.after_recv"
[[nodiscard]] std::string_view name_of(Point point) noexcept;

// What the caller of effect_at() has to pretend.
struct Effect {
  int error = 0;                                  // errno of the call that fails; 0: none
  std::optional<std::uint64_t> short_bytes = {};  // only so many bytes are written, then the error (ENOSPC if none)

  std::int64_t seconds = 0;  // by which the clock is wrong

  explicit operator bool() const noexcept { return error != 0 || short_bytes.has_value(); }
};

// Reads ROOKERY_FAULT (null: not set), before any fork. What is wrong with it, or that this server has no fault
// points.
[[nodiscard]] std::optional<std::string> configure(const char* setting);

extern bool armed;  // set by configure() alone
[[nodiscard]] Effect hit(Point point) noexcept;
void hit_line(std::string_view line) noexcept;

inline void point(Point at) noexcept {
  if (armed) [[unlikely]]
    static_cast<void>(hit(at));
}

[[nodiscard]] inline Effect effect_at(Point at) noexcept {
  if (armed) [[unlikely]]
    return hit(at);
  return {};
}

inline void point_for_line(std::string_view line) noexcept {
  if (armed) [[unlikely]]
    hit_line(line);
}

}  // namespace rookery::fault
