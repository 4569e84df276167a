// master/console/output_stream.h
//
// Standard output, written without ever waiting for whoever reads it. What it does not take at once waits here, up to a
// bound; what does not fit any more is dropped and counted.
//
// O_NONBLOCK belongs to the open file, which we share with the shell that started us, so it is not for us to set. A
// pipe or terminal is opened once more instead; a socket is told with each call; a file never makes anybody wait.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ipc/os/file_descriptor.h"
#include "ipc/os/poller.h"

namespace rookery::master {

class OutputStream final {
 public:
  // `token` is what the poller reports when more can be written: then call flush().
  OutputStream(os::Poller& poller, int descriptor, std::uint64_t token);

  // `text` goes out whole or, where the bound is reached, not at all.
  void write(std::string_view text);
  void flush();

  [[nodiscard]] std::string_view waiting() const noexcept { return std::string_view(waiting_).substr(sent_); }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

 private:
  static constexpr std::size_t kMaxWaitingBytes = 8 * 1024 * 1024;

  [[nodiscard]] int descriptor() const noexcept { return own_ ? own_.get() : shared_; }
  [[nodiscard]] long put(std::string_view bytes) const noexcept;
  void watch(bool on);

  os::Poller& poller_;
  int shared_;
  std::uint64_t token_;
  os::FileDescriptor own_;  // a pipe or terminal, opened by us
  bool is_socket_ = false;
  bool may_block_ = false;  // a pipe or terminal that we may not open: small pieces, only when there is room
  bool watched_ = false;
  std::string waiting_;
  std::size_t sent_ = 0;  // of waiting_
  std::uint64_t dropped_ = 0;
};

}  // namespace rookery::master
