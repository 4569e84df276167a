#include "ipc/os/pipe.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

#include "ipc/os/errors.h"

namespace rookery::os {

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) throw_errno("cannot create a pipe");
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

DuplexPipe make_duplex_pipe() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
    throw_errno("cannot create a socket pair");
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

TransferStatus send_message(int descriptor, std::span<const std::byte> message) noexcept {
  for (;;) {
    if (::send(descriptor, message.data(), message.size(), MSG_NOSIGNAL) >= 0) return TransferStatus::Done;
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == ENOBUFS) return TransferStatus::WouldBlock;
    if (errno == EPIPE || errno == ECONNRESET) return TransferStatus::PeerGone;
    return TransferStatus::Failed;
  }
}

Received receive_message(int descriptor, std::span<std::byte> buffer) noexcept {
  for (;;) {
    const auto got = ::recv(descriptor, buffer.data(), buffer.size(), 0);
    if (got > 0) return {TransferStatus::Done, static_cast<std::size_t>(got)};
    if (got == 0) return {TransferStatus::PeerGone, 0};  // no message of ours is empty
    // ECONNRESET is told once, and first, when the peer closed with messages of ours unread; what it sent before its
    // end comes with the next calls, then end of file.
    if (errno == EINTR || errno == ECONNRESET) continue;
    if (errno == EAGAIN) return {TransferStatus::WouldBlock, 0};
    return {TransferStatus::Failed, 0};
  }
}

}  // namespace rookery::os
