#include "docs/labs/say.h"

#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace rookery::labs {

void say_line(std::string line) noexcept {
  line += '\n';
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (count < 0 && errno != EINTR) return;  // nobody listens any more
    if (count > 0) rest.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace rookery::labs
