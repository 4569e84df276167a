#include "ipc/os/errors.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

#include "ipc/os/error_output.h"

namespace rookery::os {

void throw_errno(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::string error_text(int error_number) {
  return std::generic_category().message(error_number);
}

void broken(const char* what, const char* file, int line) noexcept {
  char text[512];
  const int length = std::snprintf(text, sizeof text, "ALERT pid=%d broken invariant: %s at %s:%d\n",
                                   static_cast<int>(::getpid()), what, file, line);
  if (length > 0) {
    const auto bytes = static_cast<std::size_t>(length) < sizeof text ? static_cast<std::size_t>(length) : sizeof text;
    last_words({text, bytes});
  }
  std::abort();
}

}  // namespace rookery::os
