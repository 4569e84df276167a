#include "tests/client/load/scripted_people.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "ipc/os/errors.h"

namespace rookery::load {
namespace {

std::string in_small_letters(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return name;
}

// What is before the first space, and what is after it.
std::pair<std::string, std::string> divide(const std::string& line) {
  const std::size_t space = line.find(' ');
  if (space == std::string::npos) return {line, {}};
  return {line.substr(0, space), line.substr(space + 1)};
}

}  // namespace

ScriptedPeople::ScriptedPeople(PeopleHook hook)
    : hook_(std::move(hook)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), generic, length) != 0 || ::listen(listener_.get(), 128) != 0 ||
      ::getsockname(listener_.get(), generic, &length) != 0)
    os::throw_errno("scripted people");
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
}

ScriptedPeople::~ScriptedPeople() = default;

void ScriptedPeople::serve(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<pollfd> waits{{.fd = listener_.get(), .events = POLLIN, .revents = 0}};
    for (const Peer& peer : peers_) waits.push_back({.fd = peer.socket.get(), .events = POLLIN, .revents = 0});
    if (::poll(waits.data(), waits.size(), 20) <= 0) continue;
    for (std::size_t i = 1; i < waits.size(); ++i)
      if (waits[i].revents != 0 && peers_[i - 1].socket) read_from(peers_[i - 1]);
    std::erase_if(peers_, [](const Peer& peer) { return !peer.socket; });
    if (waits[0].revents != 0) accept_one();
  }
}

void ScriptedPeople::accept_one() {
  Peer peer;
  peer.socket.reset(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!peer.socket) return;
  const int yes = 1;  // an event and an answer are two writes, and the second one must not wait
  (void)::setsockopt(peer.socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  peer.number = ++accepted_;
  peers_.push_back(std::move(peer));
}

void ScriptedPeople::read_from(Peer& peer) {
  std::array<char, 65536> bytes;
  const ssize_t count = ::recv(peer.socket.get(), bytes.data(), bytes.size(), 0);
  if (count <= 0) return peer.socket.reset();
  peer.input.append(bytes.data(), static_cast<std::size_t>(count));
  std::size_t end = 0;
  while (peer.socket && (end = peer.input.find('\n')) != std::string::npos) {
    const std::string line = peer.input.substr(0, end);
    peer.input.erase(0, end + 1);
    answer(peer, line);
  }
}

void ScriptedPeople::answer(Peer& peer, const std::string& line) {
  if (!line.starts_with('/')) return send(peer, "echo", "Echo: " + line);
  const auto [slashed, rest] = divide(line);
  const std::string command = slashed.substr(1);
  const auto [first, second] = divide(rest);
  if (command == "ping") return send(peer, command, "OK pong");
  if (command == "register") {
    const bool is_new = passwords_.try_emplace(in_small_letters(first), second).second;
    return send(peer, command, is_new ? "OK registered " + first : "ERR name-taken somebody has it");
  }
  if (command == "login") {
    const auto account = passwords_.find(in_small_letters(first));
    if (account == passwords_.end() || account->second != second)
      return send(peer, command, "ERR bad-credentials no such name, or another password");
    peer.account = first;
    return send(peer, command, fmt::format("OK logged in as {}, client {}", first, peer.number));
  }
  if (command == "logout") {
    peer.account.clear();
    return send(peer, command, "OK logged out");
  }
  if (command == "join") {
    peer.rooms.insert(rest);
    return send(peer, command, "OK joined " + rest + ", 1 members");
  }
  if (command == "leave") {
    peer.rooms.erase(rest);
    return send(peer, command, "OK left " + rest + ", 0 members");
  }
  if (command == "count") {
    const auto times = static_cast<std::size_t>((rest.size() + 1) / 22);
    return send(peer, command,
                fmt::format("OK words={} characters={} vowels={} odd-words={} ms=0.1", 5 * times, rest.size(),
                            6 * times, 3 * times));
  }
  if (command == "history") {
    std::vector<std::string> lines;
    for (const auto& [room, event] : histories_)
      if (room == first || room == "*") lines.push_back(event);
    const std::size_t limit = std::stoul(second);
    if (lines.size() > limit) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(limit));
    std::string text;
    for (const std::string& event : lines) text += event + "\n";
    return send(peer, command, text + fmt::format("OK {} messages", lines.size()));
  }
  if (command == "quit") {
    send(peer, command, "OK bye");
    if (peer.socket) send(peer, "close", kCloseIt);
    return;
  }
  speak(peer, command, rest);
}

void ScriptedPeople::speak(Peer& peer, const std::string& command, const std::string& rest) {
  const auto [target, text] = divide(rest);
  const std::string sender = peer.sender();
  if (command == "broadcast") {
    histories_.emplace_back("*", "[*] " + sender + rest);
    for (Peer& other : peers_)
      if (other.socket) send(other, "everybody", "[*] " + sender + rest);
  } else if (command == "say") {
    const std::string event = "[" + target + "] " + sender + text;
    histories_.emplace_back(target, event);
    for (Peer& other : peers_)
      if (other.socket && other.rooms.contains(target)) send(other, "room", event);
  } else {
    for (Peer& other : peers_)
      if (other.socket && other.account == target) send(other, "letter", "[@] " + sender + text);
  }
  if (peer.socket) send(peer, command, fmt::format("OK {}", ++seq_));
}

void ScriptedPeople::send(Peer& peer, const std::string& kind, std::string text) {
  const Lines lines = hook_ ? hook_({.kind = kind,
                                     .index = peer.counts[kind],
                                     .connection = peer.number,
                                     .name = peer.name(),
                                     .text = text})
                            : Lines{text};
  ++peer.counts[kind];
  for (const std::string& line : lines) {
    if (line == kCloseIt) return peer.socket.reset();
    const std::string bytes = line + "\n";
    if (::send(peer.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) return peer.socket.reset();
  }
}

}  // namespace rookery::load
