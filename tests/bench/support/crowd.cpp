#include "tests/bench/support/crowd.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

#include "ipc/os/errors.h"

namespace rookery::bench {

namespace {

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::size_t kEnterAtOnce = 100;  // fits into any backlog
constexpr std::chrono::seconds kAllAnswerWithin{20};

os::FileDescriptor connect_to(std::uint16_t port) {
  os::FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) os::throw_errno("cannot make a socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    os::throw_errno("cannot connect");
  const int on = 1;
  if (::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) os::throw_errno("no TCP_NODELAY");
  return socket;
}

}  // namespace

Crowd::Crowd(std::uint16_t port, std::size_t clients, const std::string& ping) : buffer_(kReadBytes) {
  enter(port, clients, ping);
}

void Crowd::enter(std::uint16_t port, std::size_t clients, const std::string& ping, std::size_t lines) {
  for (std::size_t left = clients; left > 0;) {
    const std::size_t some = std::min(left, kEnterAtOnce);
    enter_some(port, some, ping, lines);
    left -= some;
  }
}

void Crowd::enter_some(std::uint16_t port, std::size_t clients, const std::string& ping, std::size_t lines) {
  for (std::size_t i = 0; i < clients; ++i) {
    sockets_.push_back(connect_to(port));
    if (!poller_.add(sockets_.back().get(), EPOLLIN, sockets_.size() - 1)) os::throw_errno("cannot poll a socket");
    send(sockets_.size() - 1, ping);
  }
  std::size_t answered = 0;
  while (answered < clients * lines) {
    const bool came = turn(kAllAnswerWithin, [&answered](std::size_t, std::string_view bytes) {
      answered += static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\n'));
    });
    if (!came) throw std::runtime_error("the server does not answer");
  }
}

void Crowd::send(std::size_t client, std::string_view bytes) {
  const ssize_t sent = ::send(sockets_[client].get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) os::throw_errno("cannot send");
  if (static_cast<std::size_t>(sent) != bytes.size()) throw std::runtime_error("the server does not read");
}

bool Crowd::turn(std::chrono::nanoseconds patience, const OnBytes& on_bytes) {
  const auto events = poller_.wait_precisely(patience);
  for (const epoll_event& event : events) {
    const auto client = static_cast<std::size_t>(event.data.u64);
    const ssize_t got = ::recv(sockets_[client].get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got == 0) throw std::runtime_error("the server has closed a connection");
    if (got < 0 && errno != EAGAIN && errno != EINTR) os::throw_errno("cannot read");
    if (got > 0) on_bytes(client, {buffer_.data(), static_cast<std::size_t>(got)});
  }
  return !events.empty();
}

std::uint64_t Crowd::segments(std::size_t client) const {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(sockets_[client].get(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) os::throw_errno("no TCP_INFO");
  return info.tcpi_data_segs_in;
}

}  // namespace rookery::bench
