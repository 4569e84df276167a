#include "client/load/compare/whole_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <stdexcept>

#include "ipc/os/errors.h"
#include "ipc/os/file_descriptor.h"

namespace rookery::load {
namespace {

[[noreturn]] void throw_cannot_write(const std::filesystem::path& path, int error) {
  throw std::runtime_error(fmt::format("cannot write {}: {}", path.string(), os::error_text(error)));
}

// 0 or an errno.
int write_all(int file, std::string_view contents) noexcept {
  while (!contents.empty()) {
    const ssize_t count = ::write(file, contents.data(), contents.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    contents.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

}  // namespace

void write_whole_file(const std::filesystem::path& path, std::string_view contents) {
  const std::string temporary = path.string() + ".new";
  os::FileDescriptor file(::open(temporary.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0666));
  if (!file) throw_cannot_write(temporary, errno);
  int error = write_all(file.get(), contents);
  if (::close(file.release()) != 0 && error == 0) error = errno;
  if (error == 0 && std::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return;
  ::unlink(temporary.c_str());
  throw_cannot_write(path, error);
}

}  // namespace rookery::load
