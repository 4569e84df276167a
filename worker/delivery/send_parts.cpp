#include "worker/delivery/send_parts.h"

#include <sys/socket.h>

#include <cerrno>

#include "ipc/fault/fault_point.h"

namespace rookery::worker {

ssize_t send_parts(int socket, std::span<const iovec> parts) noexcept {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = parts.size();
  ssize_t sent;
  fault::point(fault::Point::WorkerInSend);
  do {
    sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  const int error = errno;
  fault::point(fault::Point::WorkerAfterSend);
  if (sent >= 0) return sent;
  return error == EAGAIN ? 0 : -error;
}

}  // namespace rookery::worker
