// master/supervisor/control_channel.h
//
// The master's end of the duplex pipe with a child. Sending never blocks: what the pipe does not take waits here and
// goes out when the child reads again.
#pragma once

#include <cstddef>
#include <deque>

#include "ipc/chat/control_message.h"
#include "ipc/os/file_descriptor.h"

namespace rookery::master {

class ControlChannel final {
 public:
  ControlChannel() = default;
  explicit ControlChannel(os::FileDescriptor end) noexcept : end_(std::move(end)) {}

  [[nodiscard]] int descriptor() const noexcept { return end_.get(); }
  [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(end_); }

  // A message that must arrive if the child lives. There are only a few of these for each life of a child.
  void send(chat::ControlMessage message);
  // A message that may be refused (false): too many wait already, or nobody is there.
  [[nodiscard]] bool try_send(chat::ControlMessage message);

  // Now or not at all (false): for messages with a passenger, which nobody keeps open for one that waits.
  [[nodiscard]] bool offer(const chat::ControlMessage& message);

  // Call it when the descriptor is writable.
  void flush();
  [[nodiscard]] bool has_waiting() const noexcept { return !waiting_.empty(); }

  [[nodiscard]] chat::ReceivedControl receive() const { return chat::receive_control(end_.get()); }

 private:
  static constexpr std::size_t kMaxWaiting = 128;  // times 8 KiB at most

  os::FileDescriptor end_;
  std::deque<chat::ControlMessage> waiting_;
};

}  // namespace rookery::master
