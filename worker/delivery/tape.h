// worker/delivery/tape.h
//
// A tape holds the encoded messages of one topic in one dialect, one behind the other: written once, read by every
// member. Members that take everything at once never see more of it than the end; a slow member holds a position, not a
// queue. When nobody is behind the tape is emptied, so in the common case it is a few warm kilobytes.
//
// Positions are positions in the log: an entry is named by the log position at which its record begins.
//
// All tapes of a loop count together what memory they take: see TapeMemory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rookery::worker {

// What a loop's tapes may take together: their buffers as they are allocated, some of it not used. 32 MiB is all that
// 32 rooms with a slow reader each may hold, or one slow reader in 32 rooms (kMaxTapeBytes), and twice the log ring:
// beyond that a reader is no worse off with the store's history.
inline constexpr std::size_t kMaxTapeMemoryBytes = 32 * 1024 * 1024;

struct TapeMemory {
  std::size_t bytes = 0;
  std::size_t most = kMaxTapeMemoryBytes;

  // An emptied tape keeps its buffer for the next message only while there is plenty, and only then a buffer doubles
  // when it is full.
  [[nodiscard]] bool is_plenty() const noexcept { return bytes <= most / 2; }
};

class Tape final {
 public:
  Tape() = default;
  ~Tape() { count(0); }
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  // From now on it is counted there, which must outlive it.
  void count_in(TapeMemory& memory) noexcept { memory_ = &memory; }

  // Where to encode the record that begins at log position `position`; then seal().
  // REQUIRES: positions never decrease.
  [[nodiscard]] std::string& open(std::uint64_t position);
  void seal();

  [[nodiscard]] std::size_t entries() const noexcept { return entries_.size(); }
  [[nodiscard]] std::uint64_t position(std::size_t entry) const noexcept { return entries_[entry].position; }
  [[nodiscard]] std::size_t begin_byte(std::size_t entry) const noexcept {
    return entry == 0 ? 0 : entries_[entry - 1].end_byte;
  }
  [[nodiscard]] std::size_t end_byte(std::size_t entry) const noexcept { return entries_[entry].end_byte; }
  [[nodiscard]] std::string_view bytes(std::size_t first, std::size_t end_entry) const noexcept {
    return std::string_view(bytes_).substr(begin_byte(first), begin_byte(end_entry) - begin_byte(first));
  }
  [[nodiscard]] std::size_t size_bytes() const noexcept { return bytes_.size(); }

  // The first entry that begins at or after a log position.
  [[nodiscard]] std::size_t first_from(std::uint64_t position) const noexcept;
  // The first entry that ends after `byte`, from `first` on. REQUIRES: byte < size_bytes().
  [[nodiscard]] std::size_t entry_at(std::size_t byte, std::size_t first) const noexcept;

  // The first entry that was not there at the last flush: where all members that are not behind go on.
  [[nodiscard]] std::size_t unflushed() const noexcept { return flushed_; }
  void mark_flushed() noexcept { flushed_ = entries_.size(); }

  void clear() noexcept;
  // How many of the oldest entries must go so that at most `bytes` are left.
  [[nodiscard]] std::size_t excess(std::size_t bytes) const noexcept;
  // Drops the oldest `count` entries.
  void drop(std::size_t count);
  // Gives back what it has allocated and does not use, if that is more than a fifth: less is soon in use again.
  void shrink();

 private:
  struct Entry {
    std::uint64_t position;
    std::size_t end_byte;
  };
  void grow_a_little();
  void count(std::size_t bytes) noexcept;
  void recount() noexcept { count(bytes_.capacity() + entries_.capacity() * sizeof(Entry)); }

  std::string bytes_;
  std::vector<Entry> entries_;
  TapeMemory* memory_ = nullptr;
  std::size_t counted_ = 0;  // of memory_->bytes
  std::size_t flushed_ = 0;
  std::uint64_t opened_ = 0;
};

}  // namespace rookery::worker
