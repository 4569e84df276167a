#include "master/ctl/ownership.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <system_error>

#include "ipc/os/file_descriptor.h"

namespace rookery::ctl {
namespace {

// Only what root alone can have made there: whoever owns the directory could have put a link to another file into it.
void give(const std::filesystem::path& file, const struct stat& owner) {
  const os::FileDescriptor opened(::open(file.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!opened || ::fstat(opened.get(), &status) != 0) return;
  if (!S_ISREG(status.st_mode) || status.st_uid != 0 || status.st_nlink != 1) return;
  static_cast<void>(::fchownat(opened.get(), "", owner.st_uid, owner.st_gid, AT_EMPTY_PATH));
}

}  // namespace

Ownership::~Ownership() {
  struct stat owner {};
  if (::geteuid() != 0 || ::stat(directory_.c_str(), &owner) != 0 || owner.st_uid == 0) return;
  std::error_code none;
  for (std::filesystem::directory_iterator entry(directory_, none), end; entry != end && !none; entry.increment(none)) {
    const std::string name = entry->path().filename().string();
    if (name == "lock" || name.starts_with("rookery.db")) give(entry->path(), owner);
  }
}

}  // namespace rookery::ctl
