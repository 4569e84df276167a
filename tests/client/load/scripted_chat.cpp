#include "tests/client/load/scripted_chat.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <utility>

#include "ipc/os/errors.h"

namespace rookery::load {

ScriptedChat::ScriptedChat(Mischief mischief)
    : mischief_(std::move(mischief)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  // A server that does not read should be felt soon; connections inherit this.
  const int buffer_bytes = 128 << 10;
  if (::setsockopt(listener_.get(), SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes) != 0)
    os::throw_errno("scripted chat");
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), generic, length) != 0 || ::listen(listener_.get(), 128) != 0 ||
      ::getsockname(listener_.get(), generic, &length) != 0)
    os::throw_errno("scripted chat");
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
}

ScriptedChat::~ScriptedChat() = default;

void ScriptedChat::serve(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<pollfd> waits{{.fd = listener_.get(), .events = POLLIN, .revents = 0}};
    for (const Peer& peer : peers_) waits.push_back({.fd = peer.socket.get(), .events = POLLIN, .revents = 0});
    if (::poll(waits.data(), waits.size(), 20) <= 0) continue;
    for (std::size_t i = 1; i < waits.size(); ++i)
      if (waits[i].revents != 0) read_from(peers_[i - 1]);
    std::erase_if(peers_, [](const Peer& peer) { return !peer.socket; });
    if (waits[0].revents != 0) accept_one();
  }
}

void ScriptedChat::accept_one() {
  Peer peer;
  peer.socket.reset(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!peer.socket) return;
  peer.number = accepted_++;
  std::uint64_t none = 0;
  if (mischief_.greeting) send(peer, mischief_.greeting, none, {});
  if (peer.socket) peers_.push_back(std::move(peer));
}

void ScriptedChat::read_from(Peer& peer) {
  std::array<char, 65536> bytes;
  const ssize_t count = ::recv(peer.socket.get(), bytes.data(), bytes.size(), 0);
  if (count <= 0) return peer.socket.reset();
  peer.input.append(bytes.data(), static_cast<std::size_t>(count));
  std::size_t begin = 0;
  for (std::size_t end = 0; peer.socket && (end = peer.input.find('\n', begin)) != std::string::npos; begin = end + 1)
    answer(peer, peer.input.substr(begin, end - begin));
  peer.input.erase(0, begin);
}

void ScriptedChat::answer(Peer& peer, const std::string& line) {
  if (line == "/ping") return send(peer, mischief_.pong, peer.pongs, "OK pong");
  if (line.starts_with("/join ")) {
    peer.member = true;
    std::uint64_t none = 0;
    return send(peer, {}, none, "OK joined " + line.substr(6) + ", 1 members");
  }
  if (!line.starts_with("/say ")) return send(peer, mischief_.echo, peer.echoes, "Echo: " + line);
  const std::size_t space = line.find(' ', 5);
  const std::string event =
      fmt::format("[{}] guest{}({}): {}", line.substr(5, space - 5), peer.number, peer.number, line.substr(space + 1));
  for (Peer& member : peers_)
    if (member.member && member.socket) send(member, mischief_.deliver, member.delivered, event);
  send(peer, mischief_.acknowledge, peer.acknowledged, fmt::format("OK {}", ++seq_));
}

void ScriptedChat::send(Peer& peer, const Hook& hook, std::uint64_t& index, const std::string& text) {
  const Lines lines = hook ? hook({.index = index, .connection = peer.number, .text = text}) : Lines{text};
  ++index;
  for (const std::string& line : lines) {
    if (line == kCloseIt) return peer.socket.reset();
    const std::string bytes = line + "\n";
    if (::send(peer.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) return peer.socket.reset();
  }
}

}  // namespace rookery::load
