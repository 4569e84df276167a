#include "master/supervisor/control_channel.h"

#include <utility>

namespace rookery::master {

void ControlChannel::send(chat::ControlMessage message) {
  if (!is_open()) return;
  waiting_.push_back(std::move(message));
  flush();
}

bool ControlChannel::try_send(chat::ControlMessage message) {
  if (!is_open() || waiting_.size() >= kMaxWaiting) return false;
  send(std::move(message));
  return true;
}

bool ControlChannel::offer(const chat::ControlMessage& message) {
  return is_open() && waiting_.empty() && chat::send_control(end_.get(), message) == os::TransferStatus::Done;
}

void ControlChannel::flush() {
  while (!waiting_.empty()) {
    if (chat::send_control(end_.get(), waiting_.front()) == os::TransferStatus::WouldBlock) return;
    waiting_.pop_front();  // sent, or the child is gone: its end of file or its pidfd will tell
  }
}

}  // namespace rookery::master
