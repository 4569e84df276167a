// tests/master/ledger/store_admin_fixture.h
//
// A store with messages in it, and a directory beside it for what an operator makes of it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "master/ledger/store_admin.h"
#include "tests/master/ledger/store_fixture.h"

namespace rookery::store {

class StoreAdminTest : public ::testing::Test {
 protected:
  // Messages `first` to `last` in #den.
  void fill(std::uint64_t first, std::uint64_t last) const {
    Store store(directory_.path());
    std::vector<chat::Record> records;
    for (std::uint64_t seq = first; seq <= last; ++seq) records.push_back(say(seq, "#den", kText));
    ASSERT_TRUE(store_group(store, records));
    store.checkpoint();
  }
  [[nodiscard]] std::filesystem::path file() const { return store_file(directory_.path()); }
  [[nodiscard]] std::filesystem::path beside(const char* name) const { return other_.path() / name; }

  const std::string kText = std::string(100, 'x');
  TemporaryDirectory directory_;
  TemporaryDirectory other_;
};

inline std::vector<std::filesystem::path> files_like(const std::filesystem::path& directory,
                                                     const std::string& beginning) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    if (entry.path().filename().string().starts_with(beginning)) found.push_back(entry.path());
  return found;
}

}  // namespace rookery::store
