// docs/labs/pane.h
//
// A terminal for a child process to write into, instead of the one it shares with its parent.
//
//     const Pane pane("/dev/pts/5");     // in the parent; "" is no pane
//     pane.take();                       // in the child: from now on say() writes there
#pragma once

#include <string>

#include "ipc/os/file_descriptor.h"

namespace rookery::labs {

class Pane final {
 public:
  explicit Pane(const std::string& path);  // throws std::system_error

  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(terminal_); }

  // Nothing if there is no pane. Throws std::system_error.
  void take() const;

 private:
  os::FileDescriptor terminal_;
};

}  // namespace rookery::labs
