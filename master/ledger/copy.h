// master/ledger/copy.h
//
// One consistent copy of a database while others use it: a single read transaction, page by page into a file that has
// its name only when it is whole and on the disk.
//
// While it lasts the write-ahead log cannot start over, and grows by what is committed meanwhile; committing itself is
// not held up.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "ipc/os/output_file.h"

namespace rookery::store {

struct CopyReport {
  std::uint64_t bytes = 0;
  std::uint64_t last_seq = 0;  // the newest message in it has this number or one below
};

// `go_on` is called between pieces of a megabyte; false: give up. The copy has mode 0600. What has the name `to` is
// replaced only if it is a regular file and `if_there` says so (ipc/os/output_file.h). Throws StoreError.
CopyReport copy_database(const std::filesystem::path& from, const std::filesystem::path& to, os::IfThere if_there,
                         const std::function<bool()>& go_on);

// Makes what was renamed in `directory` last. Throws StoreError.
void sync_directory(const std::filesystem::path& directory);

}  // namespace rookery::store
