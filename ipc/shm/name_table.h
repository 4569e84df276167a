// ipc/shm/name_table.h
//
// A table from names to fixed-size values that only grows: one process inserts, any number of processes look up without
// a lock. Names are compared without regard to the case of A-Z. The user table is one.
//
// Who may write   Only the process that has the segment mapped writable, from one thread.
// Bytes           Header, then max_entries entries, then the index: levels of 2048, 4096, ... slots of 4 bytes, each
// slot
//                 0 or an entry's number plus one. A level is left for the next when it is half full; all that came
//                 before stays where it is. Pages are reserved as they come into use, so an empty table is small
//                 however large max_entries is. Drawn in docs/shared-memory.md.
// Memory order
//   insert  an entry's bytes are written, then `count` is released, then its slot is released; who acquires the slot or
//           the count sees the entry whole. An entry never changes after that.
//   grow    a new level is filled, then `level` is released.
//
// When the writer dies
//   before `count`   the entry is not there; the successor writes the same place again.
//   before the slot  the entry is there but not found; the successor's constructor puts its slot in.
//   before `level`   the half-made level is made again.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ipc/shm/segment.h"

namespace rookery::shm {

inline constexpr std::size_t kNameBytes = 32;
inline constexpr std::size_t kNameTableValueBytes = 128;

struct NameTableEntry {
  std::uint64_t id;
  std::uint8_t name_bytes;
  char name[kNameBytes + 7];  // as it was inserted; padded with zeros
  std::byte value[kNameTableValueBytes];

  [[nodiscard]] std::string_view name_view() const noexcept {
    return {name, name_bytes <= kNameBytes ? name_bytes : std::size_t{0}};
  }
};
static_assert(sizeof(NameTableEntry) == 176, "drawn in docs/shared-memory.md");

struct NameTableHeader {
  static constexpr std::uint64_t kMagic = 0x31424154454d414e;  // "NAMETAB1", little-endian

  std::atomic<std::uint64_t> magic;
  std::uint64_t max_entries;
  alignas(64) std::atomic<std::uint32_t> count;  // insert
  std::atomic<std::uint32_t> level;              // grow
};
static_assert(sizeof(NameTableHeader) == 128, "drawn in docs/shared-memory.md");

// Size of the segment for at most `max_entries` names.
[[nodiscard]] std::uint64_t name_table_bytes(std::uint64_t max_entries) noexcept;

class NameTableReader {
 public:
  // Throws std::runtime_error where the memory holds no table of this layout.
  NameTableReader(const std::byte* memory, std::uint64_t size_bytes);

  // Null when nobody has the name. The entry lives as long as the mapping.
  [[nodiscard]] const NameTableEntry* find(std::string_view name) const noexcept;

  [[nodiscard]] std::uint32_t count() const noexcept;
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

  [[nodiscard]] const NameTableReader& reader() const noexcept { return *reader_; }

 private:
  [[nodiscard]] bool reserve_entry(std::uint32_t number) noexcept;
  [[nodiscard]] bool grow() noexcept;
  void index(std::uint32_t level, std::uint32_t number) noexcept;
  [[nodiscard]] NameTableEntry& entry(std::uint32_t number) noexcept;

  std::byte* memory_;
  int writer_descriptor_;
  NameTableHeader& header_;
  std::uint64_t reserved_bytes_ = 0;  // from the start of the segment, for header and entries
  std::optional<NameTableReader> reader_;
};

// The form in which names are compared: A-Z become a-z.
[[nodiscard]] std::string folded(std::string_view name);
[[nodiscard]] bool same_name(std::string_view a, std::string_view b) noexcept;

}  // namespace rookery::shm
