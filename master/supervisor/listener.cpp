#include "master/supervisor/listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sysexits.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <exception>
#include <memory>
#include <utility>

#include "ipc/os/errors.h"
#include "master/supervisor/start_error.h"

namespace rookery::master {

namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

int look_up(const std::string& host, const std::string& port, int flags, Addresses& found) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV | flags;
  addrinfo* list = nullptr;
  const int result = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
  found.reset(list);
  return result;
}

Addresses resolve(const std::string& host, std::uint16_t port) {
  Addresses found(nullptr, &::freeaddrinfo);
  const std::string service = std::to_string(port);
  if (look_up(host, service, AI_NUMERICHOST, found) == 0) return found;

  // A name server may keep us waiting for long. Nothing has been started yet that would need a tidy end, so for that
  // time signals have their plain effect.
  sigset_t none, before;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, &before);
  const int result = look_up(host, service, 0, found);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (result != 0)
    throw StartError(EX_CONFIG, fmt::format("cannot find the host {}: {} (set --host to an address of this machine)",
                                            host, ::gai_strerror(result)));
  return found;
}

// Clients that are gone without a word (power cut, firewall) must give their seats back within 90 s: a silent one is
// probed after 30 s and taken for dead after 60 s without a sign of life; so is one that acknowledges nothing of what
// it was sent. Linux gives these to accepted sockets, so that no accept pays for them; TCP_NODELAY too: workers gather
// bytes themselves. SO_OOBINLINE: urgent bytes are bytes like any other, so that what the kernel counts as taken is
// what recv() has given (worker/handover/connection_counts.h).
void prepare_connections(int listener) noexcept {
  constexpr int kOn = 1;
  constexpr int kProbeAfterSeconds = 30;
  constexpr int kProbeEachSeconds = 10;
  constexpr int kProbes = 3;
  constexpr int kDeadAfterMs = 60'000;
  ::setsockopt(listener, SOL_SOCKET, SO_KEEPALIVE, &kOn, sizeof kOn);
  ::setsockopt(listener, IPPROTO_TCP, TCP_KEEPIDLE, &kProbeAfterSeconds, sizeof kProbeAfterSeconds);
  ::setsockopt(listener, IPPROTO_TCP, TCP_KEEPINTVL, &kProbeEachSeconds, sizeof kProbeEachSeconds);
  ::setsockopt(listener, IPPROTO_TCP, TCP_KEEPCNT, &kProbes, sizeof kProbes);
  ::setsockopt(listener, IPPROTO_TCP, TCP_USER_TIMEOUT, &kDeadAfterMs, sizeof kDeadAfterMs);
  ::setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof kOn);
  ::setsockopt(listener, SOL_SOCKET, SO_OOBINLINE, &kOn, sizeof kOn);
}

// Empty with errno when the address cannot be had.
os::FileDescriptor bind_and_listen(const addrinfo& address, int backlog) {
  os::FileDescriptor socket(
      ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol));
  const int on = 1;
  const int off = 0;
  if (socket) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (socket && address.ai_family == AF_INET6)  // "::" means everybody
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (socket) prepare_connections(socket.get());
  if (!socket || ::bind(socket.get(), address.ai_addr, address.ai_addrlen) != 0 ||
      ::listen(socket.get(), backlog) != 0) {
    const int reason = errno;
    socket.reset();
    errno = reason;
  }
  return socket;
}

StartError refusal(const std::string& host, std::uint16_t port, int error_number) {
  const std::string what = fmt::format("cannot listen on {} port {}: {}", host, port, os::error_text(error_number));
  switch (error_number) {
    case EADDRINUSE:
      return {EX_UNAVAILABLE, what + " (another program uses the port: stop it, or choose another with --port)"};
    case EACCES:
      return {EX_CONFIG, what + " (ports below 1024 need privileges: choose another with --port)"};
    case EADDRNOTAVAIL:
      return {EX_CONFIG, what + " (set --host to an address of this machine)"};
    default:
      return {EX_UNAVAILABLE, what};
  }
}

void name_yourself(Listener& listener) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(listener.socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    os::throw_errno("cannot read the listener's address");
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  const int result = ::getnameinfo(reinterpret_cast<sockaddr*>(&address), size, host.data(), host.size(), port.data(),
                                   port.size(), NI_NUMERICHOST | NI_NUMERICSERV);
  if (result != 0) throw StartError(EX_SOFTWARE, fmt::format("cannot name the listener: {}", ::gai_strerror(result)));
  listener.host = host.data();
  std::from_chars(port.data(), port.data() + port.size(), listener.port);
}

}  // namespace

Listener adopted_listener(os::FileDescriptor socket) {
  const int flags = ::fcntl(socket.get(), F_GETFL);
  if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0)
    throw StartError(EX_SOFTWARE, fmt::format("cannot prepare the listener: {}", os::error_text(errno)));
  prepare_connections(socket.get());
  Listener listener;
  listener.socket = std::move(socket);
  name_yourself(listener);
  return listener;
}

Listener inherited_listener(os::FileDescriptor socket) noexcept {
  prepare_connections(socket.get());  // an older program may not have known of all this
  Listener listener;
  listener.socket = std::move(socket);
  try {
    name_yourself(listener);
  } catch (const std::exception&) {
    listener.port = 0;  // it serves under its name all the same
  }
  return listener;
}

Listener listen_on(const std::string& host, std::uint16_t port, int backlog) {
  const Addresses addresses = resolve(host, port);
  int reason = EADDRNOTAVAIL;
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    Listener listener;
    listener.socket = bind_and_listen(*address, backlog);
    if (listener.socket) {
      name_yourself(listener);
      return listener;
    }
    // localhost may have an IPv6 address that the machine does not: an address in use says more.
    if (reason == EADDRNOTAVAIL || errno == EADDRINUSE) reason = errno;
  }
  throw refusal(host, port, reason);
}

}  // namespace rookery::master
