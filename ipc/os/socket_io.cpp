#include "ipc/os/socket_io.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace rookery::os {

namespace {

long send_once(int socket, std::span<const iovec> parts) noexcept {
  constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;
  if (parts.size() == 1)
    return ::syscall(SYS_sendto, socket, parts.front().iov_base, parts.front().iov_len, kFlags, nullptr, 0);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = parts.size();
  return ::syscall(SYS_sendmsg, socket, &message, kFlags);
}

}  // namespace

ssize_t send_now(int socket, std::span<const iovec> parts) noexcept {
  long sent;
  do {
    sent = send_once(socket, parts);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : sent;
}

ssize_t receive(int socket, std::span<char> to) noexcept {
  long got;
  do {
    got = ::syscall(SYS_recvfrom, socket, to.data(), to.size(), 0, nullptr, nullptr);
  } while (got < 0 && errno == EINTR);
  return got < 0 ? -errno : got;
}

bool has_urgent_inline(int socket) noexcept {
  int on = 0;
  socklen_t bytes = sizeof on;
  return ::getsockopt(socket, SOL_SOCKET, SO_OOBINLINE, &on, &bytes) == 0 && on != 0;
}

bool set_urgent_inline(int socket) noexcept {
  constexpr int kOn = 1;
  return ::setsockopt(socket, SOL_SOCKET, SO_OOBINLINE, &kOn, sizeof kOn) == 0;
}

std::optional<std::uint32_t> unacknowledged_bytes(int socket) noexcept {
  int bytes = 0;
  if (::ioctl(socket, SIOCOUTQ, &bytes) != 0) return std::nullopt;
  return static_cast<std::uint32_t>(bytes);
}

}  // namespace rookery::os
