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
  Place place;
  Place from;
};
static_assert(sizeof(Head) == 32);

}  // namespace

os::TransferStatus send_control(int descriptor, const ControlMessage& message) {
  const Head head{message.kind, {}, message.worker, message.number, message.place, message.from};
  const std::size_t text_bytes = std::min(message.text.size(), kMaxControlTextBytes);
  std::vector<std::byte> bytes(sizeof head + text_bytes);
  std::memcpy(bytes.data(), &head, sizeof head);
  if (text_bytes > 0) std::memcpy(bytes.data() + sizeof head, message.text.data(), text_bytes);
  return os::send_message(descriptor, bytes, message.passenger);
}

ReceivedControl receive_control(int descriptor) {
  std::array<std::byte, sizeof(Head) + kMaxControlTextBytes> buffer;
  auto received = os::receive_message(descriptor, buffer);
  if (received.status != os::TransferStatus::Done) return {received.status, std::nullopt, {}};
  const auto refused = [&](std::string_view fault) {
    return ReceivedControl{received.status, std::nullopt, {}, fault};
  };
  if (received.surplus) return refused("with more descriptors than one");
  if (received.bytes < sizeof(Head)) return refused("too short");
  Head head;
  std::memcpy(&head, buffer.data(), sizeof head);
  if (head.kind < ControlKind::Ready || head.kind > kLastControlKind) return refused("of no known kind");
  ControlMessage message{head.kind, head.worker, head.number, {}, head.place, head.from};
  message.text.assign(reinterpret_cast<const char*>(buffer.data()) + sizeof head, received.bytes - sizeof head);
  return {received.status, std::move(message), std::move(received.passenger)};
}

ControlMessage shut_out_message(const SourceAddress& network, std::chrono::milliseconds how_long) {
  ControlMessage message{ControlKind::ShutOut, 0, static_cast<std::uint64_t>(how_long.count())};
  message.text.assign(reinterpret_cast<const char*>(network.words.data()), sizeof network.words);
  return message;
}

std::optional<SourceAddress> shut_out_network(const ControlMessage& message) noexcept {
  SourceAddress network;
  if (message.kind != ControlKind::ShutOut || message.text.size() != sizeof network.words) return std::nullopt;
  std::memcpy(network.words.data(), message.text.data(), sizeof network.words);
  return network;
}

}  // namespace rookery::chat
