// master/ctl/ownership.h
//
// Root's work on a store that is somebody else's: what root's hand has made in the data directory (the store, its log,
// the lock) is given to the directory's owner when the object goes, or the server could not open it.
#pragma once

#include <filesystem>
#include <utility>

namespace rookery::ctl {

class Ownership final {
 public:
  explicit Ownership(std::filesystem::path directory) : directory_(std::move(directory)) {}
  ~Ownership();
  Ownership(const Ownership&) = delete;
  Ownership& operator=(const Ownership&) = delete;

 private:
  std::filesystem::path directory_;
};

}  // namespace rookery::ctl
