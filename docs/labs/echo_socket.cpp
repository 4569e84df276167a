#include "docs/labs/echo_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <string>

#include "ipc/os/errors.h"

namespace rookery::labs {

namespace {

constexpr int kBacklog = 128;  // clients that the kernel lets wait until somebody accepts them
constexpr timeval kPatience{60, 0};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

os::FileDescriptor new_socket() {
  os::FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) os::throw_errno("cannot create a socket");
  return socket;
}

}  // namespace

os::FileDescriptor listen_on_loopback(std::uint16_t port) {
  os::FileDescriptor listener = new_socket();
  const int on = 1;
  const sockaddr_in address = loopback(port);
  if (::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener.get(), kBacklog) != 0)
    os::throw_errno("cannot listen on 127.0.0.1 port " + std::to_string(port));
  return listener;
}

std::uint16_t port_of(const os::FileDescriptor& listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    os::throw_errno("cannot read the listener's address");
  return ntohs(address.sin_port);
}

os::FileDescriptor accept_client(int listener) {
  for (;;) {
    os::FileDescriptor client(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (client) return client;
    if (errno != EINTR && errno != ECONNABORTED) os::throw_errno("cannot accept a client");
  }
}

os::FileDescriptor connect_to(std::uint16_t port) {
  os::FileDescriptor socket = new_socket();
  const sockaddr_in address = loopback(port);
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience) != 0 ||
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    os::throw_errno("cannot connect to port " + std::to_string(port));
  return socket;
}

bool send_all(int socket, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) return false;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace rookery::labs
