// master/ledger/database_files.h
//
// The files that SQLite keeps for a database, and the shape of its write-ahead log.
#pragma once

#include <cstdint>
#include <filesystem>

namespace rookery::store {

// FILE-wal, FILE-shm and others that stand beside the database.
[[nodiscard]] inline std::filesystem::path with_suffix(const std::filesystem::path& file, const char* suffix) {
  std::filesystem::path path = file;
  path += suffix;
  return path;
}

// https://www.sqlite.org/fileformat2.html#walformat
inline constexpr std::int64_t kWalHeaderBytes = 32;
inline constexpr std::int64_t kWalFrameHeaderBytes = 24;  // before each page

}  // namespace rookery::store
