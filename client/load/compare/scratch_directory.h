// client/load/compare/scratch_directory.h
//
// A directory of its own in $TMPDIR, gone with everything in it when the object goes.
#pragma once

#include <filesystem>

namespace rookery::load {

class ScratchDirectory final {
 public:
  ScratchDirectory();  // throws std::system_error
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace rookery::load
