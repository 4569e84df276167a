// ipc/os/socket_io.h
//
// Sends and receives on a connected socket that does not block, at the price of the system call alone: the C library's
// send() and recv() are cancellation points, which in a process of several threads costs two atomic exchanges a call.
// Nobody cancels our threads.
//
// Each returns the bytes that the kernel took or gave, or minus an error number; a call that a signal interrupted is
// made again.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstdint>
#include <optional>
#include <span>

namespace rookery::os {

// -EAGAIN: the socket is full. Never raises SIGPIPE. One part costs less than an array of one (sendto, not sendmsg).
[[nodiscard]] ssize_t send_now(int socket, std::span<const iovec> parts) noexcept;

// 0: the peer sends no more. Blocks where the socket does.
[[nodiscard]] ssize_t receive(int socket, std::span<char> to) noexcept;

// SO_OOBINLINE: urgent bytes lie in the stream like all others. Without it recv() passes over them, and the kernel
// counts them as taken all the same. False: the socket does not say, or does not let it be set.
[[nodiscard]] bool has_urgent_inline(int socket) noexcept;
bool set_urgent_inline(int socket) noexcept;

// Bytes that the peer's kernel has not acknowledged; empty where the socket cannot tell any more.
[[nodiscard]] std::optional<std::uint32_t> unacknowledged_bytes(int socket) noexcept;

}  // namespace rookery::os
