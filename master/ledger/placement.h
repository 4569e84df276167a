// master/ledger/placement.h
//
// Whether the files that a server uses are still the ones at their paths. An open file outlives its name: a server
// whose store was removed goes on writing into a file that is gone when it ends, and one whose lock was removed no
// longer keeps a second server out. Neither shows in any system call on the open file, so the names are looked at: one
// stat() each.
//
//   Placement placement;
//   placement.demand(data / "lock", lock);          // an open file, or
//   placement.demand(data / "rookery.db");          // what is there now
//   if (const auto why = placement.violation()) …   // "/data/lock was removed while the server uses it"
//
// A path that cannot be looked at for another reason than that nothing is there proves nothing, and is no violation.
//
// Who may use it  One thread.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace rookery::store {

class Placement final {
 public:
  // From now on `path` must lead to the open file `descriptor`, or to the file that it leads to now. Replaces an
  // earlier demand on `path`; if nothing is there now, there is none.
  void demand(const std::filesystem::path& path, int descriptor);
  void demand(const std::filesystem::path& path);
  void forget(const std::filesystem::path& path);

  // The first demand that is not met, for people.
  [[nodiscard]] std::optional<std::string> violation() const;

 private:
  struct Demand {
    std::filesystem::path path;
    dev_t device = 0;
    ino_t inode = 0;
  };
  std::vector<Demand> demands_;
};

}  // namespace rookery::store
