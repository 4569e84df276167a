#include "ipc/chat/control_message.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace rookery::chat {

namespace {

struct Head {
  ControlKind kind;
  std::uint8_t reserved[3];
  std::uint32_t worker;
  std::uint64_t number;
};
static_assert(sizeof(Head) == 16);

}  // namespace

os::TransferStatus send_control(int descriptor, const ControlMessage& message) {
  const Head head{message.kind, {}, message.worker, message.number};
  const std::size_t text_bytes = std::min(message.text.size(), kMaxControlTextBytes);
  std::vector<std::byte> bytes(sizeof head + text_bytes);
  std::memcpy(bytes.data(), &head, sizeof head);
  if (text_bytes > 0) std::memcpy(bytes.data() + sizeof head, message.text.data(), text_bytes);
  return os::send_message(descriptor, bytes);
}

ReceivedControl receive_control(int descriptor) {
  std::array<std::byte, sizeof(Head) + kMaxControlTextBytes> buffer;
  const auto received = os::receive_message(descriptor, buffer);
  if (received.status != os::TransferStatus::Done) return {received.status, std::nullopt};
  if (received.bytes < sizeof(Head)) return {received.status, std::nullopt};
  Head head;
  std::memcpy(&head, buffer.data(), sizeof head);
  if (head.kind < ControlKind::Ready || head.kind > ControlKind::LedgerBack) return {received.status, std::nullopt};
  ControlMessage message{head.kind, head.worker, head.number, {}};
  message.text.assign(reinterpret_cast<const char*>(buffer.data()) + sizeof head, received.bytes - sizeof head);
  return {received.status, std::move(message)};
}

}  // namespace rookery::chat
