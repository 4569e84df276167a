#include "client/load/compare/scratch_directory.h"

#include <cstdlib>
#include <string>
#include <system_error>

#include "ipc/os/errors.h"

namespace rookery::load {

ScratchDirectory::ScratchDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "rookery-compare-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) os::throw_errno("cannot make the directory " + name);
  path_ = name;
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;  // what cannot be removed stays; there is nobody left to tell
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace rookery::load
