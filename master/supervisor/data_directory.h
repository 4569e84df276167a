// master/supervisor/data_directory.h
//
// The directory that holds the store, the lock and the control socket, and the lock that keeps a second server out.
//
// The lock is the kernel's (flock): it belongs to the open file and is gone with the last process that holds it,
// however that died. The ledger inherits it, so no second server can start while a ledger without a master still
// writes. The directory itself is locked in the same way: the file `lock` can be removed under a running server, and a
// second one would lock another file of that name.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "ipc/os/file_descriptor.h"

namespace rookery::master {

class DataDirectory final {
 public:
  // Creates the directory and its parents, for their owner alone, where they are missing, and takes the lock. Throws
  // StartError: 69 when another server has it, 78 when the directory is of no use.
  explicit DataDirectory(std::filesystem::path path);
  // Opened and locked before, by another program in this process.
  DataDirectory(std::filesystem::path path, os::FileDescriptor directory, os::FileDescriptor lock);

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] int lock_descriptor() const noexcept { return lock_.get(); }
  [[nodiscard]] int directory_descriptor() const noexcept { return directory_.get(); }

  // A path to `name` in the directory that is short however long the directory's own is; of use in this process alone.
  // Socket addresses end after 107 bytes.
  [[nodiscard]] std::string short_path(std::string_view name) const;

  void remove(const char* name) const noexcept;

  // Of the database and its write-ahead log, and what an ordinary user could still write there. Empty: the kernel does
  // not say.
  [[nodiscard]] std::optional<std::uint64_t> store_bytes() const noexcept;
  [[nodiscard]] std::optional<std::uint64_t> free_bytes() const noexcept;

 private:
  void create() const;
  void take_locks();
  void open_lock_file();
  [[noreturn]] void refuse_second(int locked, pid_t pid) const;

  std::filesystem::path path_;
  os::FileDescriptor directory_;
  os::FileDescriptor lock_;
};

}  // namespace rookery::master
