// master/supervisor/signals.h
//
// Signals as events of the loop: blocked for the whole life of the master and read from a descriptor, so nothing ever
// runs in a handler.
//
// Children inherit the blocked mask. That is wanted: ^C in a terminal goes to the whole process group, but it is the
// master that decides when they stop, by a message. Signals for faults and for SIGABRT have their plain effect there.
#pragma once

#include <csignal>
#include <optional>

#include "ipc/os/file_descriptor.h"

namespace rookery::master {

class Signals final {
 public:
  Signals();  // throws std::system_error

  [[nodiscard]] int descriptor() const noexcept { return descriptor_.get(); }

  // The next one that has come, if any.
  [[nodiscard]] std::optional<int> next() const noexcept;

 private:
  os::FileDescriptor descriptor_;
};

// In a child: faults end it even where whoever started the master had them blocked or ignored.
void restore_fault_signals() noexcept;

}  // namespace rookery::master
