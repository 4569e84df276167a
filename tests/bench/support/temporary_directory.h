// tests/bench/support/temporary_directory.h
//
// A data directory of our own, on the disk of $TMPDIR, removed with all it holds.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "ipc/os/errors.h"

namespace rookery::bench {

class TemporaryDirectory final {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "rookery-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) os::throw_errno("cannot make " + pattern);
    path_ = pattern;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace rookery::bench
