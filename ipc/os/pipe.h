// ipc/os/pipe.h
//
// The two kinds of pipe between our processes: one-way bytes, and a duplex one that keeps messages apart. End of file
// on either is news of a death: the kernel closes a dead process's ends, however it died. So no process may keep an end
// that is not its own; see allow-lists in ipc/os/process.h.
#pragma once

#include <cstddef>
#include <span>

#include "ipc/os/file_descriptor.h"

namespace rookery::os {

struct Pipe {
  FileDescriptor read_end;
  FileDescriptor write_end;
};

// Both ends non-blocking and close-on-exec. Throws std::system_error.
[[nodiscard]] Pipe make_pipe();

struct DuplexPipe {
  FileDescriptor ours;
  FileDescriptor theirs;
};

// A pair of connected SOCK_SEQPACKET sockets, non-blocking: every send is received whole or not at all.
[[nodiscard]] DuplexPipe make_duplex_pipe();

enum class TransferStatus : unsigned char { Done, WouldBlock, PeerGone, Failed };

struct Received {
  TransferStatus status = TransferStatus::Failed;
  std::size_t bytes = 0;
  FileDescriptor passenger = FileDescriptor();
  bool surplus = false;  // more descriptors were sent with it than one; none of them is open here
};

// One message over a duplex pipe. Interrupted calls are made again. PeerGone: the other process has died or closed its
// end. Failed leaves errno as the call left it. A message larger than `buffer` is cut to its size.
//
// `passenger`: a descriptor of which the receiver gets a duplicate with the message; -1: none. A message with more than
// one is `surplus` and comes without any: a sender that means harm must not fill the receiver's table. Where the
// receiver is at its limit of open files, or where too many descriptors are in flight, a duplicate is lost: the message
// comes without it.
[[nodiscard]] TransferStatus send_message(int descriptor, std::span<const std::byte> message,
                                          int passenger = -1) noexcept;
[[nodiscard]] Received receive_message(int descriptor, std::span<std::byte> buffer);

}  // namespace rookery::os
