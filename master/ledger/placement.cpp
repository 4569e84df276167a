#include "master/ledger/placement.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

namespace rookery::store {

void Placement::demand(const std::filesystem::path& path, int descriptor) {
  forget(path);
  struct stat status {};
  if (::fstat(descriptor, &status) == 0) demands_.push_back({path, status.st_dev, status.st_ino});
}

void Placement::demand(const std::filesystem::path& path) {
  forget(path);
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) demands_.push_back({path, status.st_dev, status.st_ino});
}

void Placement::forget(const std::filesystem::path& path) {
  std::erase_if(demands_, [&](const Demand& demand) { return demand.path == path; });
}

std::optional<std::string> Placement::violation() const {
  for (const Demand& demand : demands_) {
    struct stat status {};
    if (::stat(demand.path.c_str(), &status) != 0) {
      if (errno == ENOENT || errno == ENOTDIR)
        return fmt::format("{} was removed or moved while the server uses it", demand.path.string());
    } else if (status.st_dev != demand.device || status.st_ino != demand.inode) {
      return fmt::format("{} was replaced by another while the server uses it", demand.path.string());
    }
  }
  return std::nullopt;
}

}  // namespace rookery::store
