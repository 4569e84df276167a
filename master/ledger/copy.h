// master/ledger/copy.h
//
// One consistent copy of a database while others use it: a single read transaction, page by page into a file that has
// its name only when it is whole and on the disk.
//
// While it lasts the write-ahead log cannot start over, and grows by what is committed meanwhile; committing itself is
// not held up.
#pragma once

#include <filesystem>
#include <functional>

namespace rookery::store {

// `go_on` is called between pieces of a megabyte; false: give up. What had the name `to` before is replaced; mode 0600.
// Throws StoreError.
void copy_database(const std::filesystem::path& from, const std::filesystem::path& to,
                   const std::function<bool()>& go_on);

// Makes what was renamed in `directory` last. Throws StoreError.
void sync_directory(const std::filesystem::path& directory);

}  // namespace rookery::store
