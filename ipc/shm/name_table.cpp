#include "ipc/shm/name_table.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>

#include "ipc/os/errors.h"
#include "ipc/shm/checksum.h"

namespace rookery::shm {

namespace {

using Slot = std::atomic<std::uint32_t>;

constexpr std::uint64_t kFirstLevelSlots = 2048;           // one reservation of two pages
constexpr std::uint64_t kReserveStepBytes = 64ULL * 1024;  // entries get pages in steps of this

struct FoldedName {
  char bytes[kNameBytes];
  std::size_t size;

  explicit FoldedName(std::string_view name) noexcept : size(std::min(name.size(), kNameBytes)) {
    std::transform(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(size), bytes,
                   [](char c) { return folded(c); });
  }
  [[nodiscard]] std::uint64_t hash() const noexcept { return hash64(std::as_bytes(std::span(bytes, size))); }
  [[nodiscard]] bool equals(std::string_view name) const noexcept {
    return name.size() == size &&
           std::equal(name.begin(), name.end(), bytes, [](char a, char b) { return folded(a) == b; });
  }
};

constexpr std::uint64_t level_slots(std::uint32_t level) noexcept {
  return kFirstLevelSlots << level;
}

std::uint64_t entry_offset(std::uint64_t number) noexcept {
  return sizeof(NameTableHeader) + number * sizeof(NameTableEntry);
}

// Levels before this one hold kFirstLevelSlots * (2^level - 1) slots.
std::uint64_t level_offset(std::uint64_t max_entries, std::uint32_t level) noexcept {
  return page_aligned(entry_offset(max_entries)) + (level_slots(level) - kFirstLevelSlots) * sizeof(Slot);
}

// The smallest level that is at most half full with `entries`.
std::uint32_t level_for(std::uint64_t entries) noexcept {
  std::uint32_t level = 0;
  while (level_slots(level) < entries * 2) ++level;
  return level;
}

}  // namespace

std::uint64_t name_table_bytes(std::uint64_t max_entries) noexcept {
  return page_aligned(level_offset(max_entries, level_for(max_entries) + 1));
}

NameTableReader::NameTableReader(const std::byte* memory, std::uint64_t size_bytes) : memory_(memory) {
  const auto& header = *reinterpret_cast<const NameTableHeader*>(memory);
  constexpr const char* kOtherLayout = "the shared name table has another layout than this program";
  if (size_bytes < sizeof(NameTableHeader) || header.magic.load(std::memory_order_acquire) != NameTableHeader::kMagic)
    throw std::runtime_error(kOtherLayout);
  max_entries_ = header.max_entries;
  // The first question keeps a wild number from running over in the second.
  if (max_entries_ > size_bytes / sizeof(NameTableEntry) || name_table_bytes(max_entries_) > size_bytes)
    throw std::runtime_error(kOtherLayout);
  highest_level_ = level_for(max_entries_);
}

std::uint32_t NameTableReader::count() const noexcept {
  const std::uint32_t count =
      reinterpret_cast<const NameTableHeader*>(memory_)->count.load(std::memory_order_acquire);  // insert
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(count, max_entries_));
}

std::uint64_t NameTableReader::changes() const noexcept {
  return reinterpret_cast<const NameTableHeader*>(memory_)->changes.load(std::memory_order_acquire);  // change
}

const NameTableEntry& NameTableReader::entry(std::uint32_t number) const noexcept {
  return *reinterpret_cast<const NameTableEntry*>(memory_ + entry_offset(number));
}

std::uint32_t NameTableReader::number_of(const NameTableEntry& entry) const noexcept {
  return static_cast<std::uint32_t>(&entry - reinterpret_cast<const NameTableEntry*>(memory_ + entry_offset(0)));
}

const NameTableEntry* NameTableReader::find(std::string_view name) const noexcept {
  if (name.size() > kNameBytes) return nullptr;
  const FoldedName wanted(name);
  const auto& header = *reinterpret_cast<const NameTableHeader*>(memory_);
  // Bounded, as all that is read here, so that damage finds nobody rather than what lies outside.
  const std::uint32_t level = std::min(header.level.load(std::memory_order_acquire), highest_level_);  // grow
  const auto* slots = reinterpret_cast<const Slot*>(memory_ + level_offset(max_entries_, level));
  const std::uint64_t mask = level_slots(level) - 1;
  std::uint64_t at = wanted.hash() & mask;
  for (std::uint64_t tried = 0; tried <= mask; ++tried, at = (at + 1) & mask) {
    const std::uint32_t slot = slots[at].load(std::memory_order_acquire);  // insert
    if (slot == 0) return nullptr;  // a level is never more than half full, so there is a 0
    if (slot > count()) continue;
    if (wanted.equals(entry(slot - 1).name_view()) && is_current(entry(slot - 1))) return &entry(slot - 1);
  }
  return nullptr;
}

NameTableWriter::NameTableWriter(std::byte* memory, int writer_descriptor, std::uint64_t max_entries)
    : memory_(memory), writer_descriptor_(writer_descriptor), header_(*reinterpret_cast<NameTableHeader*>(memory)) {
  const std::uint64_t first_step = std::min(kReserveStepBytes, level_offset(max_entries, 0));
  if (!reserve(writer_descriptor_, 0, first_step) ||
      !reserve(writer_descriptor_, level_offset(max_entries, 0), level_slots(0) * sizeof(Slot)))
    os::throw_errno("not enough memory for the shared name table");
  reserved_bytes_ = first_step;
  if (header_.magic.load(std::memory_order_acquire) != NameTableHeader::kMagic) {
    header_.max_entries = max_entries;
    header_.magic.store(NameTableHeader::kMagic, std::memory_order_release);
  }
  ROOKERY_INVARIANT(header_.max_entries == max_entries);

  // A predecessor may have died between count and slot: put the newest entry's slot in (again).
  const std::uint32_t count = header_.count.load(std::memory_order_relaxed);
  reserved_bytes_ = std::max(reserved_bytes_, entry_offset(count));
  if (count > 0) index(header_.level.load(std::memory_order_relaxed), count - 1);
  reader_.emplace(memory, name_table_bytes(max_entries));
}

NameTableEntry& NameTableWriter::entry(std::uint32_t number) noexcept {
  return *reinterpret_cast<NameTableEntry*>(memory_ + entry_offset(number));
}

InsertResult NameTableWriter::insert(std::string_view name, std::uint64_t id,
                                     std::span<const std::byte> value) noexcept {
  if (reader_->find(name) != nullptr) return InsertResult::Taken;
  return append(name, id, value, EntryState::Live);
}

InsertResult NameTableWriter::make_so(std::string_view name, std::uint64_t id, std::span<const std::byte> value,
                                      bool locked) noexcept {
  const EntryState state = locked ? EntryState::Locked : EntryState::Live;
  const auto is_right = [&](const NameTableEntry& place) {
    return place.id == id && std::equal(value.begin(), value.end(), place.value) &&
           (value.size() == kNameTableValueBytes || place.value[value.size()] == std::byte{0});
  };
  const NameTableEntry* found = reader_->find(name);
  const bool is_new = found == nullptr || !is_right(*found);
  if (is_new)
    if (const InsertResult result = append(name, id, value, state); result != InsertResult::Inserted) return result;
  // Older ones stand before it in the index. A predecessor may have left one more.
  const std::uint32_t newest = is_new ? header_.count.load(std::memory_order_relaxed) - 1 : reader_->number_of(*found);
  for (found = reader_->find(name); found != nullptr && reader_->number_of(*found) != newest;
       found = reader_->find(name))
    set_state(entry(reader_->number_of(*found)), found->id == id ? EntryState::Superseded : EntryState::Ended);
  if (entry(newest).state.load(std::memory_order_relaxed) != state) set_state(entry(newest), state);
  return InsertResult::Inserted;
}

void NameTableWriter::end(std::string_view name, std::uint64_t id) noexcept {
  const NameTableEntry* found = reader_->find(name);
  while (found != nullptr && found->id == id) {
    set_state(entry(reader_->number_of(*found)), EntryState::Ended);
    found = reader_->find(name);
  }
}

void NameTableWriter::set_state(NameTableEntry& place, EntryState state) noexcept {
  place.state.store(state, std::memory_order_release);      // change
  header_.changes.fetch_add(1, std::memory_order_release);  // change
}

InsertResult NameTableWriter::append(std::string_view name, std::uint64_t id, std::span<const std::byte> value,
                                     EntryState state) noexcept {
  ROOKERY_INVARIANT(name.size() <= kNameBytes && value.size() <= kNameTableValueBytes);
  const std::uint32_t number = header_.count.load(std::memory_order_relaxed);
  if (number >= header_.max_entries) return InsertResult::Full;
  if (!reserve_entry(number)) return InsertResult::NoMemory;
  if (level_for(number + 1) > header_.level.load(std::memory_order_relaxed) && !grow()) return InsertResult::NoMemory;

  NameTableEntry& place = entry(number);
  place.id = id;
  place.name_bytes = static_cast<std::uint8_t>(name.size());
  std::fill(std::copy(name.begin(), name.end(), place.name), std::end(place.name), '\0');
  place.state.store(state, std::memory_order_relaxed);
  std::fill(std::copy(value.begin(), value.end(), place.value), std::end(place.value), std::byte{0});
  header_.count.store(number + 1, std::memory_order_release);  // insert
  index(header_.level.load(std::memory_order_relaxed), number);
  return InsertResult::Inserted;
}

bool NameTableWriter::reserve_entry(std::uint32_t number) noexcept {
  const std::uint64_t needed = entry_offset(number + 1ULL);
  if (needed <= reserved_bytes_) return true;
  const std::uint64_t step = std::min(kReserveStepBytes, level_offset(header_.max_entries, 0) - reserved_bytes_);
  if (!reserve(writer_descriptor_, reserved_bytes_, std::max(step, needed - reserved_bytes_))) return false;
  reserved_bytes_ += std::max(step, needed - reserved_bytes_);
  return true;
}

bool NameTableWriter::grow() noexcept {
  const std::uint32_t level = header_.level.load(std::memory_order_relaxed) + 1;
  const std::uint64_t offset = level_offset(header_.max_entries, level);
  if (!reserve(writer_descriptor_, offset, level_slots(level) * sizeof(Slot))) return false;
  auto* slots = reinterpret_cast<Slot*>(memory_ + offset);
  for (std::uint64_t i = 0; i < level_slots(level); ++i) slots[i].store(0, std::memory_order_relaxed);
  const std::uint32_t count = header_.count.load(std::memory_order_relaxed);
  for (std::uint32_t number = 0; number < count; ++number) index(level, number);
  header_.level.store(level, std::memory_order_release);  // grow
  return true;
}

void NameTableWriter::index(std::uint32_t level, std::uint32_t number) noexcept {
  auto* slots = reinterpret_cast<Slot*>(memory_ + level_offset(header_.max_entries, level));
  const std::uint64_t mask = level_slots(level) - 1;
  std::uint64_t at = FoldedName(entry(number).name_view()).hash() & mask;
  for (;; at = (at + 1) & mask) {
    const std::uint32_t slot = slots[at].load(std::memory_order_relaxed);
    if (slot == number + 1) return;
    if (slot == 0) break;
  }
  slots[at].store(number + 1, std::memory_order_release);  // insert
}

}  // namespace rookery::shm
