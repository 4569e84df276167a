#include "docs/labs/pane.h"

#include <fcntl.h>
#include <unistd.h>

#include "ipc/os/errors.h"

namespace rookery::labs {

Pane::Pane(const std::string& path) {
  if (path.empty()) return;
  terminal_ = os::FileDescriptor(::open(path.c_str(), O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC));
  if (!terminal_) os::throw_errno("cannot write into " + path);
}

void Pane::take() const {
  if (terminal_ && ::dup2(terminal_.get(), STDOUT_FILENO) < 0) os::throw_errno("cannot write into the pane");
}

}  // namespace rookery::labs
