#include "worker/delivery/send_parts.h"

#include <cerrno>

#include "ipc/fault/fault_point.h"
#include "ipc/os/socket_io.h"

namespace rookery::worker {

ssize_t send_parts(int socket, std::span<const iovec> parts) noexcept {
  fault::point(fault::Point::WorkerInSend);
  const ssize_t sent = os::send_now(socket, parts);
  fault::point(fault::Point::WorkerAfterSend);
  return sent == -EAGAIN ? 0 : sent;
}

}  // namespace rookery::worker
