#include "master/upgrade/sealed_text.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "ipc/os/errors.h"
#include "master/upgrade/state.h"

namespace rookery::master {

namespace {
constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
}  // namespace

os::FileDescriptor seal_text(const std::string& name, std::string_view text) {
  os::FileDescriptor file(::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) os::throw_errno("cannot create " + name);
  while (!text.empty()) {
    const auto bytes = ::write(file.get(), text.data(), text.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) os::throw_errno("cannot write " + name);
    text.remove_prefix(static_cast<std::size_t>(bytes));
  }
  if (::fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) os::throw_errno("cannot seal " + name);
  return file;
}

std::string read_sealed_text(int descriptor) {
  struct stat status {};
  const int seals = ::fcntl(descriptor, F_GET_SEALS);
  if (::fstat(descriptor, &status) != 0 || seals < 0 || (seals & kSeals) != kSeals)
    throw BadState("it is not what a server leaves to its successor");
  if (static_cast<std::uint64_t>(status.st_size) > kMaxSealedBytes) throw BadState("it is too long");
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const auto bytes = ::pread(descriptor, text.data() + have, text.size() - have, static_cast<off_t>(have));
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) throw BadState("it cannot be read");
    have += static_cast<std::size_t>(bytes);
  }
  return text;
}

}  // namespace rookery::master
