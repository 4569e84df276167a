#include "ipc/os/pipe.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "ipc/os/errors.h"

namespace rookery::os {

namespace {

struct PassengerSeat {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> bytes;
};

// What a receiver offers to the kernel is exactly as long as a message with one descriptor. CMSG_SPACE would not do: it
// is padded to a multiple of 8, and the kernel puts a second descriptor into the padding.
constexpr std::size_t kSeatForOne = CMSG_LEN(sizeof(int));
static_assert(kSeatForOne <= sizeof(PassengerSeat::bytes));

// Every descriptor that the kernel has opened for this message has an owner afterwards.
void take_passengers(msghdr& header, Received& received) {
  for (cmsghdr* ticket = CMSG_FIRSTHDR(&header); ticket != nullptr; ticket = CMSG_NXTHDR(&header, ticket)) {
    if (ticket->cmsg_level != SOL_SOCKET || ticket->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (ticket->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int descriptor = -1;
      std::memcpy(&descriptor, CMSG_DATA(ticket) + i * sizeof descriptor, sizeof descriptor);
      received.surplus |= static_cast<bool>(received.passenger);
      received.passenger.reset(descriptor);
    }
  }
  // The kernel has closed what found no room. Without a passenger it was our limit of open files that left none.
  received.surplus |= received.passenger && (header.msg_flags & MSG_CTRUNC) != 0;
  if (received.surplus) received.passenger.reset();
}

}  // namespace

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

TransferStatus send_message(int descriptor, std::span<const std::byte> message, int passenger) noexcept {
  iovec part{const_cast<std::byte*>(message.data()), message.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  PassengerSeat seat{};
  if (passenger >= 0) {
    header.msg_control = seat.bytes.data();
    header.msg_controllen = seat.bytes.size();
    cmsghdr* const ticket = CMSG_FIRSTHDR(&header);
    ticket->cmsg_level = SOL_SOCKET;
    ticket->cmsg_type = SCM_RIGHTS;
    ticket->cmsg_len = CMSG_LEN(sizeof passenger);
    std::memcpy(CMSG_DATA(ticket), &passenger, sizeof passenger);
  }
  for (;;) {
    if (::sendmsg(descriptor, &header, MSG_NOSIGNAL) >= 0) return TransferStatus::Done;
    if (errno == EINTR) continue;
    // ETOOMANYREFS: as many descriptors are in flight as we may have open; they arrive, and there is room again.
    if (errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS) return TransferStatus::WouldBlock;
    if (errno == EPIPE || errno == ECONNRESET) return TransferStatus::PeerGone;
    return TransferStatus::Failed;
  }
}

Received receive_message(int descriptor, std::span<std::byte> buffer) {
  iovec part{buffer.data(), buffer.size()};
  PassengerSeat seat{};
  for (;;) {
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = seat.bytes.data();
    header.msg_controllen = kSeatForOne;
    const auto got = ::recvmsg(descriptor, &header, MSG_CMSG_CLOEXEC);
    if (got >= 0) {
      Received received{TransferStatus::Done, static_cast<std::size_t>(got)};
      take_passengers(header, received);
      // No message of ours is empty. An empty one that brings descriptors is no end of file either.
      if (got == 0 && !received.passenger && !received.surplus) received.status = TransferStatus::PeerGone;
      return received;
    }
    // ECONNRESET is told once, and first, when the peer closed with messages of ours unread; what it sent before its
    // end comes with the next calls, then end of file.
    if (errno == EINTR || errno == ECONNRESET) continue;
    if (errno == EAGAIN) return {TransferStatus::WouldBlock, 0};
    return {TransferStatus::Failed, 0};
  }
}

}  // namespace rookery::os
