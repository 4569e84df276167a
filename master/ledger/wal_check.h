// master/ledger/wal_check.h
//
// Looks at a write-ahead log that a stop has left, before SQLite does. SQLite takes a WAL up to the first frame that is
// not right and drops the rest without a word. After a kill or a power cut that is what was never acknowledged; after
// damage to the file it may be what was.
//
// How to tell  Frames are written in order and a group is on the disk before the next one begins. So a bad frame with
//              a later group's commit and something behind it is damage: that commit was acknowledged. A bad frame
//              with one commit behind it and no more is either damage or a group that a power cut tore; while the
//              machine has run on (no power cut) it is damage. A bad frame and no commit behind it is a group that a
//              kill cut short.
// Needs        that frames of this WAL's life stand in it once only: the store never spills a transaction before its
//              commit, and when it opens and after each failed commit it empties the WAL or, where a reader is in the
//              way, cuts off what stands behind the newest whole group.
#pragma once

#include <cstdint>
#include <filesystem>

namespace rookery::store {

enum class WalCondition : unsigned char {
  Whole,          // absent, empty, whole, or its last group was cut short before its commit
  TornOrDamaged,  // see above: ask whether the machine has run on
  Damaged,
  Unreadable,  // errno says why
};

struct WalReport {
  WalCondition condition = WalCondition::Whole;
  std::uint64_t offset = 0;         // of the first frame that is not right
  std::uint64_t dropped_bytes = 0;  // of this life's frames behind the newest whole group, which SQLite will pass over
};

[[nodiscard]] WalReport inspect_wal(const std::filesystem::path& wal_file);

}  // namespace rookery::store
