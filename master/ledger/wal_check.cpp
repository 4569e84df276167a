#include "master/ledger/wal_check.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "ipc/os/file_descriptor.h"
#include "master/ledger/database_files.h"

namespace rookery::store {

namespace {

// https://www.sqlite.org/fileformat2.html#walformat
constexpr std::uint32_t kMagic = 0x377f0682;  // checksums over little-endian words; one more: big-endian
constexpr std::size_t kHeaderBytes{kWalHeaderBytes};
constexpr std::size_t kFrameHeaderBytes{kWalFrameHeaderBytes};

using Bytes = std::span<const unsigned char>;

std::uint32_t big_endian(Bytes bytes, std::size_t at) noexcept {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 | std::uint32_t{bytes[at + 2]} << 8 |
         std::uint32_t{bytes[at + 3]};
}

std::uint32_t little_endian(Bytes bytes, std::size_t at) noexcept {
  return std::uint32_t{bytes[at + 3]} << 24 | std::uint32_t{bytes[at + 2]} << 16 | std::uint32_t{bytes[at + 1]} << 8 |
         std::uint32_t{bytes[at]};
}

struct Checksum {
  bool big_endian_words = false;
  std::uint32_t first = 0;
  std::uint32_t second = 0;

  void add(Bytes bytes) noexcept {
    const auto word = [&](std::size_t at) {
      return big_endian_words ? big_endian(bytes, at) : little_endian(bytes, at);
    };
    for (std::size_t at = 0; at < bytes.size(); at += 8) {
      first += word(at) + second;
      second += word(at + 4) + first;
    }
  }
  [[nodiscard]] bool stands_at(Bytes bytes, std::size_t at) const noexcept {
    return big_endian(bytes, at) == first && big_endian(bytes, at + 4) == second;
  }
};

// True with fewer bytes at the end of the file.
bool read_at(int descriptor, std::uint64_t offset, std::span<unsigned char> out, std::size_t& got) noexcept {
  got = 0;
  while (got < out.size()) {
    const ssize_t bytes = ::pread(descriptor, out.data() + got, out.size() - got, static_cast<off_t>(offset + got));
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return false;
    if (bytes == 0) break;
    got += static_cast<std::size_t>(bytes);
  }
  return true;
}

}  // namespace

WalReport inspect_wal(const std::filesystem::path& wal_file) {
  const os::FileDescriptor wal(::open(wal_file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!wal) return {errno == ENOENT ? WalCondition::Whole : WalCondition::Unreadable, 0};

  std::array<unsigned char, kHeaderBytes> header{};
  std::size_t got = 0;
  if (!read_at(wal.get(), 0, header, got)) return {WalCondition::Unreadable, 0};
  // Nothing follows a header before it is on the disk.
  const off_t file_bytes = ::lseek(wal.get(), 0, SEEK_END);
  if (file_bytes < 0) return {WalCondition::Unreadable, 0};
  if (static_cast<std::size_t>(file_bytes) <= kHeaderBytes) return {};

  const std::uint32_t magic = big_endian(header, 0);
  const std::uint32_t page_bytes = big_endian(header, 8);
  Checksum checksum{(magic & 1) != 0};
  checksum.add(Bytes(header).first(kFrameHeaderBytes));
  const bool sane_page = page_bytes >= 512 && page_bytes <= 65536 && (page_bytes & (page_bytes - 1)) == 0;
  if ((magic & ~1U) != kMagic || !sane_page || !checksum.stands_at(header, 24)) return {WalCondition::Damaged, 0};

  std::vector<unsigned char> buffer(kFrameHeaderBytes + page_bytes);
  const Bytes frame(buffer);
  std::optional<std::uint64_t> bad_offset;
  bool bad_frame_commits = false;
  bool commit_behind = false;
  std::uint64_t whole_until = kHeaderBytes;  // the end of the newest whole group
  std::uint64_t ours_until = kHeaderBytes;   // the end of the newest frame, or piece of one, of this life
  for (std::uint64_t offset = kHeaderBytes;; offset += buffer.size()) {
    if (!read_at(wal.get(), offset, buffer, got)) return {WalCondition::Unreadable, offset};
    if (got < buffer.size()) {
      const bool is_space = std::all_of(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(got),
                                        [](unsigned char byte) { return byte == 0; });  // see wal_writes.h
      if (!is_space && ours_until == offset) ours_until += got;
      break;
    }
    const bool of_this_life = std::equal(frame.begin() + 8, frame.begin() + 16, header.begin() + 16);  // the salts
    const bool commits = big_endian(frame, 4) != 0;
    if (of_this_life) ours_until = offset + buffer.size();
    if (!bad_offset) {
      checksum.add(frame.first(8));
      checksum.add(frame.subspan(kFrameHeaderBytes));
      if (of_this_life && checksum.stands_at(frame, 16)) {
        if (commits) whole_until = offset + buffer.size();
        continue;
      }
      bad_offset = offset;
      bad_frame_commits = of_this_life && commits;
    } else if (of_this_life) {
      if (bad_frame_commits || commit_behind) return {WalCondition::Damaged, *bad_offset};
      commit_behind = commits;
    }
  }
  return {commit_behind ? WalCondition::TornOrDamaged : WalCondition::Whole, bad_offset.value_or(0),
          ours_until - whole_until};
}

}  // namespace rookery::store
