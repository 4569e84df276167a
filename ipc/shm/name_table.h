// ipc/shm/name_table.h
//
// A table from names to fixed-size values: one process inserts, any number of processes look up without a lock. Names
// are compared without regard to the case of A-Z. The user table is one.
//
// It only grows. What changes of an entry is its state, one byte: a value is changed by a new entry that comes before
// the old one is superseded, a name is given up by the end of its entry. find() passes over both, so that the name can
// be had again; whoever holds an entry's number still finds in it what it was.
//
// Who may write   Only the process that has the segment mapped writable, from one thread.
// Bytes           Header, then max_entries entries, then the index: levels of 2048, 4096, ... slots of 4 bytes, each
// slot
//                 0 or an entry's number plus one. A level is left for the next when it is half full; all that came
//                 before stays where it is. Pages are reserved as they come into use, so an empty table is small
//                 however large max_entries is. Drawn in docs/shared-memory.md.
// Memory order
//   insert  an entry's bytes are written, then `count` is released, then its slot is released; who acquires the slot or
//           the count sees the entry whole. Of an entry only `state` changes after that.
//   grow    a new level is filled, then `level` is released.
//   change  an entry's `state` is released, then `changes`; who sees another number of changes sees the states.
//
// When the writer dies
//   before `count`   the entry is not there; the successor writes the same place again.
//   before the slot  the entry is there but not found; the successor's constructor puts its slot in.
//   before `level`   the half-made level is made again.
//   between a new value and the end of the old one: find() gives either; make_so() ends the old one.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ipc/shm/folded_name.h"
#include "ipc/shm/segment.h"

namespace rookery::shm {

inline constexpr std::size_t kNameBytes = 32;
inline constexpr std::size_t kNameTableValueBytes = 128;

enum class EntryState : std::uint8_t {
  Live,
  Locked,
  Superseded,  // by a newer entry of the same name and id
  Ended,       // nobody has the name, or another id has it
};

struct NameTableEntry {
  std::uint64_t id;
  std::uint8_t name_bytes;
  char name[kNameBytes + 6];  // as it was inserted; padded with zeros
  std::atomic<EntryState> state;
  std::byte value[kNameTableValueBytes];

  [[nodiscard]] std::string_view name_view() const noexcept {
    return {name, name_bytes <= kNameBytes ? name_bytes : std::size_t{0}};
  }
};
static_assert(sizeof(NameTableEntry) == 176, "drawn in docs/shared-memory.md");

[[nodiscard]] inline bool is_current(const NameTableEntry& entry) noexcept {
  return entry.state.load(std::memory_order_acquire) <= EntryState::Locked;  // change
}

struct NameTableHeader {
  static constexpr std::uint64_t kMagic = 0x32424154454d414e;  // "NAMETAB2", little-endian

  std::atomic<std::uint64_t> magic;
  std::uint64_t max_entries;
  alignas(64) std::atomic<std::uint32_t> count;  // insert
  std::atomic<std::uint32_t> level;              // grow
  std::atomic<std::uint64_t> changes;            // of entries' states: look again when it is another number
};
static_assert(sizeof(NameTableHeader) == 128, "drawn in docs/shared-memory.md");

// Size of the segment for at most `max_entries` names.
[[nodiscard]] std::uint64_t name_table_bytes(std::uint64_t max_entries) noexcept;

class NameTableReader {
 public:
  // Throws std::runtime_error where the memory holds no table of this layout.
  NameTableReader(const std::byte* memory, std::uint64_t size_bytes);

  // Null when nobody has the name. The entry lives as long as the mapping; it is Live or Locked when it is found.
  [[nodiscard]] const NameTableEntry* find(std::string_view name) const noexcept;

  // Of entries, those included that find() passes over.
  [[nodiscard]] std::uint32_t count() const noexcept;
  [[nodiscard]] std::uint64_t changes() const noexcept;
  // REQUIRES: number < count().
  [[nodiscard]] const NameTableEntry& entry(std::uint32_t number) const noexcept;
  // REQUIRES: `entry` is of this table. The same in every process, for as long as the segment lives.
  [[nodiscard]] std::uint32_t number_of(const NameTableEntry& entry) const noexcept;

 private:
  const std::byte* memory_;
  std::uint64_t max_entries_ = 0;
  std::uint32_t highest_level_ = 0;
};

enum class InsertResult : unsigned char { Inserted, Taken, Full, NoMemory };

class NameTableWriter final {
 public:
  // Makes an empty table in fresh memory, or goes on with the one found there. Throws std::system_error when memory is
  // short. `writer_descriptor` is that of the segment `memory` maps.
  NameTableWriter(std::byte* memory, int writer_descriptor, std::uint64_t max_entries);

  // REQUIRES: name.size() <= kNameBytes, value.size() <= kNameTableValueBytes.
  [[nodiscard]] InsertResult insert(std::string_view name, std::uint64_t id, std::span<const std::byte> value) noexcept;

  // From now on the name has this id, value and lock, whatever it had before. Taken never.
  [[nodiscard]] InsertResult make_so(std::string_view name, std::uint64_t id, std::span<const std::byte> value,
                                     bool locked) noexcept;
  // The name is free. Nothing when another id has it.
  void end(std::string_view name, std::uint64_t id) noexcept;
  // Frees all names of which `stays` is false.
  template <class Stays>
  void end_unless(Stays stays) noexcept {
    for (std::uint32_t number = 0; number < reader_->count(); ++number) {
      NameTableEntry& place = entry(number);
      if (is_current(place) && !stays(place.id)) set_state(place, EntryState::Ended);
    }
  }

  [[nodiscard]] const NameTableReader& reader() const noexcept { return *reader_; }

 private:
  [[nodiscard]] bool reserve_entry(std::uint32_t number) noexcept;
  [[nodiscard]] bool grow() noexcept;
  void index(std::uint32_t level, std::uint32_t number) noexcept;
  [[nodiscard]] InsertResult append(std::string_view name, std::uint64_t id, std::span<const std::byte> value,
                                    EntryState state) noexcept;
  void set_state(NameTableEntry& place, EntryState state) noexcept;
  [[nodiscard]] NameTableEntry& entry(std::uint32_t number) noexcept;

  std::byte* memory_;
  int writer_descriptor_;
  NameTableHeader& header_;
  std::uint64_t reserved_bytes_ = 0;  // from the start of the segment, for header and entries
  std::optional<NameTableReader> reader_;
};

}  // namespace rookery::shm
